"""The options of `anomalyctl anomalies …` that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class StatusChoice(StrEnum):
    """Which episodes."""

    OPEN = "open"
    RESOLVED = "resolved"
    ALL = "all"


class SeverityChoice(StrEnum):
    """How grave."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


StatusOption = Annotated[StatusChoice, typer.Option("--status", help="Which episodes.")]
SeverityOption = Annotated[
    list[SeverityChoice] | None, typer.Option("--severity", help="Only these severities; may be repeated.")
]
TagOption = Annotated[str, typer.Option("--tag", metavar="TAG", help="Only where this tag is anomalous.")]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Only what was seen since: 24h, now-24h or ISO 8601.")
]
SourceOption = Annotated[str, typer.Option("--source", metavar="NAME", help="Only this source.")]
Selectors = Annotated[
    list[str],
    typer.Argument(
        metavar="ID…", help="Ids, their unique beginnings, @latest, @worst, or - for ids on stdin."
    ),
]
SelectorsOrAll = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ID…]", help="Ids, their unique beginnings, @latest, @worst, or - for ids on stdin."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="All open ones, or all that the filters take.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say which are meant.")]
