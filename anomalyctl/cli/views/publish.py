"""What was published, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.publishing.model import Publishing


def publishing_view(publishing: Publishing) -> RenderableType:
    """One row a part; what could not be asked from here is marked."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "outcome", "version", "runs in", "health"):
        table.add_column(heading, overflow="fold")
    for part in publishing.parts:
        sign = "[good](✓)[/good]" if part.healthy else "[warning](!)[/warning]"
        kind = "" if part.committed else " (not committed)"
        table.add_row(
            part.name,
            part.outcome,
            part.version[:12] + kind,
            escape(part.what),
            f"{sign} {escape(part.health)}",
        )
    done = Text.from_markup(
        f"[good](✓) Done[/good] {escape(publishing.environment)} runs this checkout's code."
    )
    return Group(table, done)
