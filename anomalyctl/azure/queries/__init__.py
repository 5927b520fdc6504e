"""The queries of Log Analytics that this project keeps: .kql files whose first line says what they show."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anomalyctl.errors import NotFound

_FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Query:
    """One kept query."""

    name: str
    about: str
    text: str


def queries() -> tuple[Query, ...]:
    """The queries with a name for users."""
    return _in(_FOLDER)


def part_queries() -> tuple[Query, ...]:
    """The queries behind `logs PART`: each gives the columns of a log line."""
    return _in(_FOLDER / "parts")


def trace_query() -> Query:
    """The query behind `logs --trace`."""
    return _in(_FOLDER / "traces")[0]


def query_named(name: str) -> Query:
    """The query of that name. Raises NotFound with the nearest name."""
    known = {query.name: query for query in queries()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
        raise NotFound(f"There is no query “{name}”.", hint=hint, details={"known": list(known)})
    return known[name]


def _in(folder: Path) -> tuple[Query, ...]:
    return tuple(_read(path) for path in sorted(folder.glob("*.kql")))


def _read(path: Path) -> Query:
    text = path.read_text(encoding="utf-8")
    first, _, rest = text.partition("\n")
    return Query(path.stem, first.removeprefix("//").strip(), rest.strip())
