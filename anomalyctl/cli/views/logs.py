"""Log lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.logs_lines import LogLine

_STYLES: Final = {"warning": "warning", "error": "bad", "critical": "bad", "debug": "dim"}
_PART_WIDTH: Final = 10


def log_lines_view(lines: Sequence[LogLine]) -> RenderableType:
    """One after the other."""
    return Group(*(log_view(line) for line in lines))


def log_view(line: LogLine) -> Text:
    """`part | time level function: message`, the trace below it. Nothing in it is read as markup."""
    text = Text(f"{line.part:<{_PART_WIDTH}} | ", style="dim", overflow="fold")
    if line.time:
        text.append(line.time[11:23] + " ", style="dim")
    style = _STYLES.get(line.level or "", "")
    if style in ("warning", "bad"):
        text.append(f"{line.level} ", style=style)
    if line.function:
        text.append(f"{line.function}: ", style="bold not dim")
    text.append(line.message, style=f"{style} not dim" if style != "dim" else "dim")
    for below in (line.trace or "").splitlines():
        text.append(f"\n{'':<{_PART_WIDTH}} |   {below}", style="dim")
    return text
