"""The home of the Terraform state, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.state_backend.bootstrap import Bootstrapped
    from anomalyctl.operations.state_backend.migrate import Migrated

_SIGNS: Final = {
    "created": "[good](✓) created[/good]",
    "updated": "[good](✓) updated[/good]",
    "unchanged": "[hint](-) as it was[/hint]",
}


def bootstrapped_view(done: Bootstrapped) -> RenderableType:
    """What was looked at, a row each, and where the state lives."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for change in done.changes:
        table.add_row(_SIGNS[change.done], escape(change.what))
    home = f"The state of {done.environment} is kept in {done.storage_account}/{done.container}"
    ending = "." if done.changed else "; nothing had to be changed."
    return Group(table, Text(home + ending))


def migrated_view(done: Migrated) -> RenderableType:
    """One line."""
    what = f"{done.resources} resources, serial {done.serial}"
    if not done.changed:
        return Text(f"The state of {done.environment} is in {done.target} already ({what}).")
    return Group(
        Text(f"The state of {done.environment} is in {done.target} now ({what})."),
        Text(f"{done.source} is as it was; a copy is kept as {done.backup}.", style="hint"),
    )
