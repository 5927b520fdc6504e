"""How a drill went, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.run_progress import spoken

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.drills.model import Drill


def drill_view(done: Drill) -> RenderableType:
    """The steps with their times, the balance, and whether it holds."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for step in done.steps:
        if step.not_here:
            table.add_row(Text(f"{step.what}: not here, {step.not_here}", style="hint"), "")
        else:
            table.add_row(step.what, spoken(step.took_s))
    found = done.balance
    outcome = (
        f"[good](✓) Passed[/good] well again after {spoken(done.recovered_after_s)}, nothing lost"
        if done.passed
        else f"[bad](×) Failed[/bad] {found.lost} readings lost, {found.twice} twice"
    )
    return Group(
        Text(done.disaster),
        table,
        Text(
            f"{found.accepted:,} accepted, {found.verdicts:,} verdicts, {found.dead_letters:,} dead letters; "
            f"{found.episodes_before} episodes before, {found.episodes_after} after."
        ),
        Text.from_markup(outcome),
        Text(f"The runbook, with what is for Azure alone: {done.runbook}", style="hint"),
    )
