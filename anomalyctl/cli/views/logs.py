"""Log lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.azure.queries import Query
    from anomalyctl.operations.logs_azure import QueryResult
    from anomalyctl.operations.logs_lines import LogLine

_WIDEST: Final = 120
_STYLES: Final = {"warning": "warning", "error": "bad", "critical": "bad", "debug": "dim"}
_PART_WIDTH: Final = 10


def log_lines_view(lines: Sequence[LogLine]) -> RenderableType:
    """One after the other; with the day where they are of several."""
    days = {line.time[:10] for line in lines if line.time}
    return Group(*(log_view(line, with_day=len(days) > 1) for line in lines))


def log_view(line: LogLine, *, with_day: bool = False) -> Text:
    """`part | time level function: message`, the trace below it. Nothing in it is read as markup."""
    text = Text(f"{line.part:<{_PART_WIDTH}} | ", style="dim", overflow="fold")
    if line.time:
        text.append((f"{line.time[:10]} " if with_day else "") + line.time[11:23] + " ", style="dim")
    style = _STYLES.get(line.level or "", "")
    if style in ("warning", "bad"):
        text.append(f"{line.level} ", style=style)
    if line.function:
        text.append(f"{line.function}: ", style="bold not dim")
    text.append(line.message, style=f"{style} not dim" if style != "dim" else "dim")
    for below in (line.trace or "").splitlines():
        text.append(f"\n{'':<{_PART_WIDTH}} |   {below}", style="dim")
    return text


def query_view(result: QueryResult) -> RenderableType:
    """A table, under what it shows and over which time."""
    heading = Text(f"{result.about} ", style="bold")
    heading.append(f"{result.begin:%Y-%m-%d %H:%M} to {result.end:%Y-%m-%d %H:%M} UTC", style="hint")
    if result.missing:
        return Group(
            heading, Text(f"No lines yet: nothing was ever written to {result.missing}.", style="hint")
        )
    partial = [Text(f"Not all of it: {result.partial}", style="warning")] if result.partial else []
    if not result.rows:
        return Group(heading, Text("Nothing.", style="hint"), *partial)
    table = Table(box=None, pad_edge=False)
    for column in result.columns:
        table.add_column(column, overflow="fold")
    for row in result.rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    return Group(heading, table, *partial)


def queries_view(queries: Sequence[Query]) -> RenderableType:
    """Names, and what each shows."""
    table = Table(box=None, pad_edge=False)
    for heading in ("query", "shows"):
        table.add_column(heading, overflow="fold")
    for query in queries:
        table.add_row(Text(query.name), Text(query.about))
    return table


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.6g}"
    text = str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
