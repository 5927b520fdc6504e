"""Where the dashboard is, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.dashboard.finding import Dashboard


def dashboard_view(found: Dashboard) -> RenderableType:
    """The address on a line of its own, then what is to be known of it."""
    lines = [Text(found.address, overflow="fold")]
    if found.opened:
        lines.append(Text("Opened in your browser.", style="hint"))
    if found.trouble:
        lines.append(Text(f"It is not well: {found.trouble}", style="warning"))
        lines.append(Text(f"See: anomalyctl logs dashboard --env {found.environment}", style="hint"))
    return Group(*lines)
