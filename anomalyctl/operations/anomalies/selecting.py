"""From what an operator types to anomaly ids: whole ids, unique beginnings, `@latest`, `@worst`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.operations.anomalies.listing import Filter, find
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import RESOLVED, UNRESOLVED
from anomalyctl.triage.occurrences import SEVERITIES

LATEST: Final = "@latest"
WORST: Final = "@worst"
_SHOWN: Final = 3
_ID: Final = re.compile(r"[a-z0-9-]+")
"""Anything else is no id, and some of it would mean something else in an address."""


def select(store: AnomalyStore, selectors: Sequence[str]) -> list[str]:
    """Anomaly ids, each once, in the order given.

    Raises `NotFound` with the nearest ids, `InvalidInput` for a beginning that several ids share.
    """
    if not selectors:
        raise InvalidInput(
            "No anomaly is named.",
            field="ID",
            hint="Name ids, or @latest, @worst, or - to read ids from stdin.",
        )
    return list(dict.fromkeys(_select_one(store, selector) for selector in selectors))


def ids_in(text: str) -> list[str]:
    """Ids in what was piped in: words, one or more a line, or the JSON that `anomalies list` writes."""
    stripped = text.strip()
    if not stripped.startswith(("[", "{")):
        return stripped.split()
    try:
        rows = (
            orjson.loads(stripped)
            if stripped.startswith("[")
            else [orjson.loads(line) for line in stripped.splitlines() if line.strip()]
        )
        return [row["anomaly_id"] if isinstance(row, dict) else str(row) for row in rows]
    except (orjson.JSONDecodeError, KeyError) as error:
        raise InvalidInput(
            "What came on stdin is neither ids nor the JSON of `anomalies list`.", field="-"
        ) from error


def _select_one(store: AnomalyStore, selector: str) -> str:
    if selector == LATEST:
        return _first(find(store, Filter()), selector)
    if selector == WORST:
        worst_first = sorted(
            find(store, Filter()),
            key=lambda document: (
                SEVERITIES.index(document["severity_level"]),
                document["confidence"],
                document["detected_at"],
            ),
            reverse=True,
        )
        return _first(worst_first, selector)
    if selector.startswith("@"):
        raise InvalidInput(f"{selector} is no selector.", field="ID", hint=f"Use {LATEST} or {WORST}.")
    if _ID.fullmatch(selector) and (store.unresolved(selector) or store.resolved(selector)):
        return selector
    return _by_beginning(store, selector)


def _by_beginning(store: AnomalyStore, beginning: str) -> str:
    found = sorted(set(_ids(store, beginning))) if _ID.fullmatch(beginning) else []
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidInput(
            f"{beginning} is the beginning of {len(found)} anomalies.",
            field="ID",
            hint=f"Type more of it: {', '.join(found[:_SHOWN])}{', …' if len(found) > _SHOWN else ''}",
            details={"matches": found[:20]},
        )
    known = [document["anomaly_id"] for document in find(store, Filter(status="all"))]
    near = difflib.get_close_matches(beginning, known, n=_SHOWN, cutoff=0.3)
    raise NotFound(
        f"There is no anomaly {beginning}.",
        hint=f"The nearest: {', '.join(near)}" if near else "Run `anomalyctl anomalies list --status all`.",
        details={"nearest": near},
    )


def _ids(store: AnomalyStore, beginning: str) -> Iterable[str]:
    query = "SELECT VALUE c.anomaly_id FROM c WHERE STARTSWITH(c.anomaly_id, @beginning)"
    for container in (UNRESOLVED, RESOLVED):
        yield from store.query(container, query, {"beginning": beginning})


def _first(documents: Sequence[dict[str, Any]], selector: str) -> str:
    if not documents:
        raise NotFound(f"{selector}: there is no open anomaly.", hint="Nothing is waiting for you.")
    return str(documents[0]["anomaly_id"])
