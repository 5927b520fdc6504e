"""How the environment is, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.status import EnvironmentStatus, PartStatus

_SIGNS: Final = {
    "healthy": "[good](✓) well[/good]",
    "starting": "[warning](!) starting[/warning]",
    "waiting": "[warning](!) waiting[/warning]",
    "unwell": "[bad](x) unwell[/bad]",
    "backing-off": "[bad](x) down[/bad]",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def status_view(status: EnvironmentStatus) -> RenderableType:
    """One row a part; what is wrong stands under the table."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "health", "address", "up for"):
        table.add_column(heading, overflow="fold")
    table.add_column("restarts", justify="right")
    table.add_column("backlog", overflow="fold")
    for part in status.parts:
        table.add_row(
            escape(part.title),
            _SIGNS[part.health],
            part.address,
            "-" if part.uptime_s is None else _duration(part.uptime_s),
            f"[warning]{part.restarts}[/warning]" if part.restarts else "0",
            escape(part.backlog),
        )
    troubles = [
        Text.from_markup(
            f"[{_grave(part)}]{escape(part.title)}[/]: {escape(part.detail or part.health)} "
            f"[hint](see: anomalyctl logs {part.name})[/hint]"
        )
        for part in status.parts
        if part.health != "healthy" or part.detail
    ]
    return Group(table, *troubles)


def _grave(part: PartStatus) -> str:
    return "warning" if part.health == "healthy" else "bad"


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
