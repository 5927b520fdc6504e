"""What `deploy` and `destroy` did, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.deploy import Deployment
    from anomalyctl.operations.destroy import Destruction

_OUTCOMES: Final = {
    "started": "The environment {name} is up",
    "restarted": "The environment {name} was started again and is up",
    "updated": "The environment {name} was updated and is up",
    "healed": "The environment {name} is well again",
    "unchanged": "The environment {name} is up; nothing was to be done",
}


def deployment_view(deployment: Deployment) -> RenderableType:
    """The parts and their addresses, and what to do next."""
    table = Table(box=None, pad_edge=False)
    for heading in ("part", "address"):
        table.add_column(heading, overflow="fold")
    for part in deployment.parts:
        table.add_row(escape(part.title), part.address)
    dashboard = deployment.dashboard
    if dashboard.state == "running":
        told = Text(f"Dashboard: {dashboard.address}", style="bold")
    else:
        told = Text(f"Without the dashboard: {dashboard.reason} {dashboard.hint}".rstrip(), style="warning")
    outcome = _OUTCOMES[deployment.outcome].format(name=deployment.environment)
    return Group(
        table,
        told,
        Text.from_markup(f"[good](✓) Done[/good] {outcome} ({deployment.took_s:.1f} s)."),
        Text.from_markup("[hint]Next: anomalyctl status, or anomalyctl simulate --backfill 24h[/hint]"),
    )


def destruction_view(destruction: Destruction) -> RenderableType:
    """One line."""
    name = destruction.environment
    if destruction.data == "none":
        return Text(f"There is nothing to destroy: {name} is not deployed.")
    if destruction.data == "kept":
        what = f"{name} is stopped; its data stays in {destruction.folder}"
    else:
        what = f"{name} is gone, and its data with it"
    return Text.from_markup(f"[good](✓) Done[/good] {escape(what)}.")
