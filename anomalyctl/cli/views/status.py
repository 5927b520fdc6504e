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
    "not-published": "[warning](!) not published[/warning]",
    "no-way-in": "[warning](!) no way in[/warning]",
}
_FIGURE_SIGNS: Final = {
    "within": "[good](✓) within[/good]",
    "beyond": "[bad](x) beyond[/bad]",
    "notice": "[hint](i) sent[/hint]",
    "no value": "[hint](-) no value[/hint]",
    "not told": "[warning](!) not told[/warning]",
}
_COMPARISONS: Final = {
    "GreaterThan": ">",
    "GreaterThanOrEqual": "≥",
    "LessThan": "<",
    "LessThanOrEqual": "≤",
    "Equals": "=",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def status_view(status: EnvironmentStatus) -> RenderableType:
    """One row a part; what is wrong stands under the table, then the figures where there are any."""
    shown: list[RenderableType] = [_parts_table(status), *_troubles(status)]
    if status.without_dashboard:
        shown.append(Text(f"Without the dashboard: {status.without_dashboard}", style="hint"))
    if status.figures:
        shown += ["", _figures_table(status), *_untold(status)]
    shown += _unended(status)
    if status.unchecked:
        shown.append(
            Text(
                f"Addresses are those of state {status.serial}; whether it is the newest could not be told: "
                f"{status.unchecked}",
                style="hint",
            )
        )
    return Group(*shown)


def _parts_table(status: EnvironmentStatus) -> Table:
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
    return table


def _troubles(status: EnvironmentStatus) -> list[Text]:
    where = "" if status.environment == "local" else f" --env {status.environment}"
    return [
        Text.from_markup(
            f"[{_grave(part)}]{escape(part.title)}[/]: {escape(part.detail or part.health)} "
            f"[hint](see: anomalyctl logs {part.name}{where})[/hint]"
        )
        for part in status.parts
        if part.health != "healthy" or part.detail
    ]


def _figures_table(status: EnvironmentStatus) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "now"):
        table.add_column(heading, overflow="fold")
    table.add_column("value", justify="right")
    table.add_column("alert when", overflow="fold")
    table.add_column("over", overflow="fold")
    for one in status.figures:
        limit = f"{_COMPARISONS.get(one.operator, one.operator)} {one.threshold:g}"
        table.add_row(
            escape(one.name),
            _FIGURE_SIGNS[one.state],
            "-" if one.value is None else f"{one.value:,.4g}",
            limit if one.enabled else f"{limit} [hint](alert is off)[/hint]",
            f"{one.aggregation.lower()}, {one.window}",
        )
    return table


def _untold(status: EnvironmentStatus) -> list[Text]:
    """Why figures are missing or not whole, each reason once."""
    reasons: dict[str, list[str]] = {}
    for one in status.figures:
        if one.detail:
            reasons.setdefault(one.detail, []).append(one.name)
    return [Text(f"{', '.join(names)}: {reason}", style="hint") for reason, names in reasons.items()]


def _unended(status: EnvironmentStatus) -> list[Text]:
    found = []
    for one in status.unended:
        step = f" [hint](next: {escape(one.next_step)})[/hint]" if one.next_step else ""
        found.append(
            Text.from_markup(f"[warning]Not ended[/]: {escape(one.message)}{step}")
            if one.what != "unknown"
            else Text.from_markup(f"[hint]{escape(one.message)}[/hint]{step}")
        )
    return found


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
