"""Asking Log Analytics: a kept query, values that are no text, a range of time. Nothing typed enters KQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.azure.rest import Rest
from anomalyctl.telemetry.times import format_time

Value = bool | int | datetime | UUID
_NO_TABLE: Final = re.compile(r"Failed to resolve table or column expression named '(\w+)'")


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gave. `partial` says why it is not all of it; empty where it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    partial: str = ""
    missing: str = ""
    """A table that the workspace does not have: each is made with the first line that is written to it."""

    def records(self) -> list[dict[str, Any]]:
        """The rows by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def ask(
    rest: Rest,
    workspace_id: str,
    text: str,
    *,
    begin: datetime,
    end: datetime,
    values: Mapping[str, Value] | None = None,
) -> Table:
    """Run the query `text` over `begin` to `end`, with `values` bound by `let`. Raises what `Rest` raises.

    A table that the query names and the workspace does not have yet gives an empty answer that says so.
    """
    bound = "".join(f"let {name} = {_literal(value)};\n" for name, value in (values or {}).items())
    try:
        document = rest.post(
            f"/v1/workspaces/{workspace_id}/query",
            {"query": bound + text, "timespan": f"{_time(begin)}/{_time(end)}"},
            "asking Log Analytics",
        )
    except AzureRefused as error:
        missing = _NO_TABLE.search(error.message)
        if missing is None:
            raise
        return Table((), (), missing=missing[1])
    table = next(
        (one for one in document.get("tables", ()) if one.get("name") == "PrimaryResult"),
        {"columns": (), "rows": ()},
    )
    return Table(
        columns=tuple(str(column["name"]) for column in table["columns"]),
        rows=tuple(tuple(row) for row in table["rows"]),
        partial=_innermost(document.get("error") or {}),
    )


def _innermost(trouble: Mapping[str, Any]) -> str:
    """Why an answer is not whole. The outer sentence only says that something is wrong."""
    for inner in (trouble.get("innererror"), *(trouble.get("details") or ())):
        if isinstance(inner, dict) and (said := _innermost(inner)):
            return said
    return " ".join(str(trouble.get("message") or trouble.get("code") or "").split())


def _literal(value: Value) -> str:
    """A literal of KQL. Texts have none here: what cannot be written cannot be broken out of.

    A UUID is its 32 hexadecimal digits, as the ids of traces are.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, UUID):
        return f'"{value.hex}"'
    if isinstance(value, datetime):
        return f"datetime({_time(value)})"
    raise TypeError(f"{type(value).__name__} has no place in a query")


def _time(value: datetime) -> str:
    return format_time(value.astimezone(UTC))
