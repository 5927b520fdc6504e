"""What an environment costs, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.cost.environment_cost import EnvironmentCost
    from anomalyctl.operations.cost.estimating import Estimate

_SMALL: Final = 0.5
"""What costs less than this a month is summed up in one line."""


def cost_view(cost: EnvironmentCost) -> RenderableType:
    """Lines, the sum, what a plan changes, and what the figures rest on."""
    found = cost.estimate
    parts: list[RenderableType] = [_lines(found)]
    if cost.difference is not None and cost.before is not None:
        parts.append(_changes(cost))
        parts.append(
            Text(
                f"The plan {cost.plan} changes {cost.before:,.2f} to {found.monthly:,.2f}: "
                f"{cost.difference:+,.2f} {found.currency} a month."
            )
        )
    if cost.plan_is_old:
        parts.append(Text("The plan is too old to be applied; the state may have moved on.", style="warning"))
    if found.saved_by_reservation > 0:
        parts.append(
            Text(f"Reserved for a year, {found.saved_by_reservation:,.2f} less a month.", style="hint")
        )
    parts += [
        Text.from_markup(f"[warning](!) Not in the sum[/warning] {escape(one.address)}: {escape(one.reason)}")
        for one in found.unpriced
    ]
    parts.append(Text(_basis(found), style="hint"))
    return Group(*parts)


def _lines(found: Estimate) -> Table:
    table = Table(box=None, pad_edge=False, show_footer=True)
    table.add_column("resource", footer="an estimate", overflow="fold")
    table.add_column("what", overflow="fold")
    table.add_column("how", overflow="fold")
    table.add_column(
        f"{found.currency} a month", footer=f"{found.monthly:,.2f}", justify="right", no_wrap=True
    )
    for one in found.lines:
        if one.monthly >= _SMALL:
            basis = f"{one.basis}, assumed" if one.by_use else one.basis
            table.add_row(escape(one.address), escape(one.what), escape(basis), f"{one.monthly:,.2f}")
    small = [one.monthly for one in found.lines if one.monthly < _SMALL]
    if small:
        table.add_row(f"{len(small)} more below {_SMALL} each", "", "", f"{sum(small):,.2f}")
    return table


def _changes(cost: EnvironmentCost) -> Table:
    table = Table("", "before", "after", "difference", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in cost.changes:
        table.add_row(
            escape(one.address), f"{one.before:,.2f}", f"{one.after:,.2f}", f"{one.after - one.before:+,.2f}"
        )
    return table


def _basis(found: Estimate) -> str:
    use = found.assumed
    text = (
        f"List prices of {found.region} as of {found.priced_on}, before tax. "
        f"{found.monthly_by_use:,.2f} rest on "
        f"{use['sources']:g} source{'s' if use['sources'] > 1 else ''} "
        f"with a reading each {use['interval_s']:g} s (--sources, --rate)."
    )
    if found.table_is_old:
        text += " That is more than a year ago: give a newer table with --prices."
    if found.other_regions:
        text += f" Resources in {', '.join(found.other_regions)} were taken at the prices of {found.region}."
    return text
