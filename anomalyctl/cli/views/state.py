"""States, locks, workspaces and runs, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.invocation import current

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.infrastructure.runs import RunLine, RunShown
    from anomalyctl.operations.infrastructure.states import (
        StateChanged,
        StateListing,
        StateResourceShown,
        StateWritten,
    )
    from anomalyctl.operations.infrastructure.unlocking import Unlocking
    from anomalyctl.operations.infrastructure.workspaces import Workspace
    from anomalyctl.provisioning.backups import Backup
    from anomalyctl.provisioning.locks import HeldLock


def listing_view(listing: StateListing) -> RenderableType:
    """An address a line; what is tainted says so."""
    lines = [
        Text.assemble(address, ("  tainted", "warning") if address in listing.tainted else "")
        for address in listing.resources
    ]
    lines.append(Text(f"{len(listing.resources)} resources, serial {listing.serial}", style="hint"))
    return Group(*lines)


def resource_view(shown: StateResourceShown) -> RenderableType:
    """Its attributes."""
    import orjson

    table = Table("attribute", "value", box=None, pad_edge=False)
    for name, value in sorted(shown.values.items()):
        table.add_row(escape(name), escape(value if isinstance(value, str) else orjson.dumps(value).decode()))
    return Group(Text(shown.address), table)


def written_view(written: StateWritten) -> RenderableType:
    """One line."""
    return _done(f"serial {written.serial} is in {written.path} ({written.size:,} bytes; it holds secrets).")


def changed_view(changed: StateChanged) -> RenderableType:
    """One line, and the way back."""
    parts: list[RenderableType] = [_done(f"{changed.environment}: {changed.done}; serial {changed.serial}.")]
    if changed.backup:
        way = f"Back again: anomalyctl state restore {changed.backup} {current.place(changed.environment)}"
        parts.append(Text(way, style="hint"))
    return Group(*parts)


def backups_view(backups: tuple[Backup, ...]) -> RenderableType:
    """A copy a row."""
    if not backups:
        return Text("No copy of the state is kept here.")
    table = Table("backup", "taken", "serial", "bytes", box=None, pad_edge=False)
    for one in backups:
        table.add_row(one.name, f"{one.taken_at:%Y-%m-%d %H:%M:%S}", str(one.serial), f"{one.size:,}")
    return table


def backup_view(backup: Backup) -> RenderableType:
    """One line."""
    return _done(f"serial {backup.serial} is kept as {backup.name}.")


def lock_view(held: HeldLock) -> RenderableType:
    """Who holds the lock, since when, for what, and whether that run lives."""
    lock = held.lock
    table = Table(box=None, pad_edge=False, show_header=False)
    since = f"{lock.created:%Y-%m-%d %H:%M:%S} UTC" if lock.created else ""
    rows = (
        ("id", lock.id),
        ("held by", lock.who),
        ("since", since),
        ("for", lock.operation),
        ("run", held.run),
        ("it is", f"{held.liveness}: {held.reason}"),
    )
    for name, value in rows:
        if value:
            table.add_row(name, escape(value))
    if not lock.metadata_missing:
        return table
    why = (
        "The blob is leased and does not say by whom: a run died between taking the lease and signing it. "
        "Terraform cannot release such a lock; breaking the lease does."
    )
    return Group(table, Text(why, style="warning"))


def unlocking_view(unlocking: Unlocking) -> RenderableType:
    """One line."""
    if not unlocking.was_locked:
        return Text(f"The state of {unlocking.environment} is not locked.")
    if unlocking.released:
        return _done(f"the lock on the state of {unlocking.environment} is released.")
    return Text.from_markup(
        f"[warning](!) Warning[/warning] {unlocking.environment} is locked again, by somebody else."
    )


def workspaces_view(workspaces: tuple[Workspace, ...]) -> RenderableType:
    """A workspace a row; the selected one is marked."""
    table = Table("", "workspace", "environment", box=None, pad_edge=False)
    for one in workspaces:
        table.add_row("*" if one.selected else "", escape(one.name), escape(one.environment))
    return table


def workspace_view(workspace: Workspace) -> RenderableType:
    """Its name."""
    return Text(workspace.name)


def runs_view(runs: tuple[RunLine, ...]) -> RenderableType:
    """A run a row, the newest first."""
    if not runs:
        return Text("Nothing was run yet.")
    table = Table("run", "command", "environment", "outcome", "started", "took", box=None, pad_edge=False)
    styles = {"done": "good", "failed": "bad", "died": "bad", "interrupted": "warning"}
    for one in runs:
        style = styles.get(one.outcome, "hint")
        table.add_row(
            one.id,
            escape(one.command),
            one.environment,
            f"[{style}]{one.outcome}[/{style}]",
            f"{one.started_at:%Y-%m-%d %H:%M:%S}",
            f"{one.took_s:.1f} s" if one.took_s is not None else "",
        )
    return table


def run_view(shown: RunShown) -> RenderableType:
    """One run, its events and its files."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in (
        ("run", shown.run.id),
        ("command", " ".join(shown.arguments) or shown.run.command),
        ("environment", shown.run.environment),
        ("by", f"{shown.run.user}@{shown.run.host}"),
        ("outcome", shown.run.outcome + (f": {shown.run.error}" if shown.run.error else "")),
        ("in Azure", shown.activity_log),
    ):
        table.add_row(name, escape(value))
    events = Table("at", "event", "", box=None, pad_edge=False)
    for event in shown.events:
        facts = {key: value for key, value in event.items() if key not in ("at", "type", "run")}
        told = " ".join(f"{key}={value}" for key, value in facts.items())
        events.add_row(str(event.get("at", ""))[11:19], str(event.get("type", "")), escape(told))
    files = Text("\n".join(str(path) for path in shown.files), style="hint")
    return Group(table, events, files)


def _done(text: str) -> Text:
    return Text.from_markup(f"[good](✓) Done[/good] {escape(text)}")
