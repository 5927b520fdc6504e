"""Asking Log Analytics: a kept query, values that are no text, a range of time. Nothing typed enters KQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anomalyctl.azure.rest import Rest
from anomalyctl.telemetry.times import format_time

Value = bool | int | datetime


@dataclass(frozen=True, slots=True)
class Table:
    """What a query gave. `partial` says why it is not all of it; empty where it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    partial: str = ""

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
    """Run the query `text` over `begin` to `end`, with `values` bound by `let`. Raises what `Rest` raises."""
    bound = "".join(f"let {name} = {_literal(value)};\n" for name, value in (values or {}).items())
    document = rest.post(
        f"/v1/workspaces/{workspace_id}/query",
        {"query": bound + text, "timespan": f"{_time(begin)}/{_time(end)}"},
        "asking Log Analytics",
    )
    table = next(
        (one for one in document.get("tables", ()) if one.get("name") == "PrimaryResult"),
        {"columns": (), "rows": ()},
    )
    trouble = document.get("error") or {}
    return Table(
        columns=tuple(str(column["name"]) for column in table["columns"]),
        rows=tuple(tuple(row) for row in table["rows"]),
        partial=str(trouble.get("message") or trouble.get("code") or ""),
    )


def _literal(value: Value) -> str:
    """A literal of KQL. Texts have none here: what cannot be written cannot be broken out of."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return f"datetime({_time(value)})"
    raise TypeError(f"{type(value).__name__} has no place in a query")


def _time(value: datetime) -> str:
    return format_time(value.astimezone(UTC))
