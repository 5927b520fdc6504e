"""The options of the commands that run Terraform, each named once."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import current

if TYPE_CHECKING:
    from anomalyctl.operations.infrastructure.stage import Request


def _remember_root(value: Path | None) -> Path | None:
    current.root = value
    return value


ROOT_PANEL = "Options of commands that run Terraform"

RootOption = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        is_eager=True,
        callback=_remember_root,
        help="A project, or any Terraform root; its workspace is --env.",
        rich_help_panel=ROOT_PANEL,
    ),
]
LockTimeoutOption = Annotated[
    str,
    typer.Option(
        "--lock-timeout",
        metavar="TIME",
        help="How long to wait for a lock that another run holds.",
        rich_help_panel=ROOT_PANEL,
    ),
]
VarOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="A variable; wins over every file. Repeat it."),
]
VarFileOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--var-file", metavar="FILE", help="A file of variables; wins over earlier ones. Repeat it."
    ),
]
TargetOption = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="ADDRESS", help="Only this resource and what it needs. Repeat it."),
]
AllowDataLossOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-data-loss", metavar="ADDRESS", help="The data of this resource may be lost. Repeat it."
    ),
]


def request_for(environment: str, root: Path | None, lock_timeout: str = "0s") -> Request:
    """What the operations are told: where, and the command line for the ledger."""
    from anomalyctl.operations.infrastructure.stage import Request
    from anomalyctl.telemetry.durations import parse_duration

    waits = timedelta(0) if lock_timeout == "0" else parse_duration(lock_timeout, field="--lock-timeout")
    return Request(environment, root, tuple(sys.argv[1:]), int(waits.total_seconds()))
