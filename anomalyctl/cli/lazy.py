"""Commands that are imported when they are called, and known by name and summary before that."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_COMMANDS = "anomalyctl.cli.commands"


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its module in `cli/commands`, its line in the help, its panel there.

    A group's module holds `app`, a Typer; a verb's module holds a function of the module's name.
    """

    module: str
    summary: str
    panel: str
    group: bool = False


def lazy_group(entries: Mapping[str, Entry]) -> type[TyperGroup]:
    """A group class over `entries`. Help and completion of names import nothing."""

    class LazyGroup(TyperGroup):
        """Stubs for help, the real command once one is chosen."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = {name: _stub(name, entry) for name, entry in entries.items()}

        def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]
            panels: dict[str, list[tuple[str, str]]] = {}
            for name, entry in entries.items():
                panels.setdefault(entry.panel, []).append((name, entry.summary))
            width = max(map(len, entries))
            for panel, rows in panels.items():
                with formatter.section(panel):
                    formatter.write_dl([(name.ljust(width), summary) for name, summary in rows])

        def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]
            name, _, rest = super().resolve_command(ctx, args)  # refuses unknown names, with a suggestion
            return name, load(str(name), entries[str(name)]), rest

    return LazyGroup


def load(name: str, entry: Entry) -> Any:
    """The real command, imported now, with the options that every command has."""
    import logging

    from anomalyctl.cli.options import add_common_options

    # Libraries log what we tell in a sentence; without a handler Python would print it to stderr.
    logging.getLogger().addHandler(logging.NullHandler())
    module = importlib.import_module(f"{_COMMANDS}.{entry.module}")
    if entry.group:
        application: typer.Typer = module.app
        application._add_completion = False  # the root offers it, once
    else:
        application = typer.Typer(add_completion=False)
        application.command(name)(getattr(module, entry.module))
    application.info.name = name
    command = typer.main.get_command(application)
    command.name = name
    add_common_options(command)
    return command


def _stub(name: str, entry: Entry) -> TyperCommand:
    return TyperCommand(name, help=entry.summary, rich_help_panel=entry.panel)
