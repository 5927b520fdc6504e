"""How a rollout ended, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.rollout.environment_rollout import RolledBack
    from anomalyctl.operations.rollout.rolling_out import RolledOut
    from anomalyctl.operations.rollout.weighing import Weighed


def rolled_out_view(done: RolledOut) -> RenderableType:
    """The figures side by side, then one line."""
    image = escape(done.image)
    if done.outcome == "unchanged":
        return Text.from_markup(f"[good](✓) Done[/good] {done.environment} runs {image} already.")
    parts: list[RenderableType] = [_figures(done.weighed)] if done.weighed else []
    parts.append(
        Text.from_markup(f"[good](✓) Done[/good] {done.environment} runs {image} ({escape(done.revision)}).")
    )
    parts.append(Text(f"Back: anomalyctl rollback --env {done.environment}", style="hint"))
    return Group(*parts)


def rolled_back_view(done: RolledBack) -> RenderableType:
    """One line."""
    return Text.from_markup(f"[good](✓) Done[/good] {done.environment} runs {escape(done.image)} again.")


def _figures(weighed: Weighed) -> RenderableType:
    table = Table("", "before", "new", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    table.add_row("probes that failed", f"{weighed.error_rate_old:.1%}", f"{weighed.error_rate_new:.1%}")
    table.add_row("p95 of the probes", _milliseconds(weighed.p95_old_s), _milliseconds(weighed.p95_new_s))
    table.add_row(f"other conclusions, of {weighed.compared:,}", "", f"{weighed.difference:.1%}")
    old, new = weighed.real_old, weighed.real_new
    if old is not None and new is not None:
        table.add_row("requests that arrived", f"{old.requests:,}", f"{new.requests:,}")
        table.add_row("of those failed", f"{old.error_rate:.1%}", f"{new.error_rate:.1%}")
        if old.mean_s is not None and new.mean_s is not None:
            table.add_row("mean of their answers", _milliseconds(old.mean_s), _milliseconds(new.mean_s))
    why = f"; of the real traffic: {weighed.real_reason}" if weighed.real_reason else ""
    return Group(table, Text(f"Judged by {weighed.judged_by}{why}", style="hint"))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
