"""`anomalyctl anomalies …`: what was found, and what operators do about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

if TYPE_CHECKING:
    from datetime import datetime

    from anomalyctl.operations.anomalies.listing import Filter
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.triage.performing import Outcome

app = typer.Typer(help="What was found, and what is done about it.", no_args_is_help=True)


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


@app.command("list")
def list_(
    status: StatusOption = StatusChoice.OPEN,
    severity: SeverityOption = None,
    tag: TagOption = "",
    since: SinceOption = "",
    source: SourceOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 1000,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List episodes, newest first; open ones unless --status says otherwise."""
    from dataclasses import replace

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.views.anomalies import anomalies_table
    from anomalyctl.operations.anomalies.listing import list_anomalies

    now = _now()
    chosen = replace(_filter(status, severity, tag, since, source, now), limit=limit)
    show_model(list_anomalies(_store(env), chosen, now=now), anomalies_table, output)


@app.command()
def show(
    selector: Annotated[str, typer.Argument(metavar="ID", help="An id, its beginning, @latest or @worst.")],
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show one episode: what it is, why, the three methods, what happened since."""
    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.views.anomalies import anomaly_document
    from anomalyctl.operations.anomalies.showing import show_anomaly

    show_model(show_anomaly(_store(env), selector, now=_now()), anomaly_document, output)


@app.command()
def assign(
    selectors: Selectors,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who takes care of it.")],
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Give open episodes to somebody."""
    from anomalyctl.triage import actions

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.assign(store, anomaly_id, to=to, by=by, now=_now())

    _act("assign", selectors, env, output, one)


@app.command()
def resolve(
    selectors: Selectors,
    notes: Annotated[
        str, typer.Option("--notes", metavar="TEXT", help="What it was and what was done.")
    ] = "",
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Close episodes, with notes. Of two operators one wins, and the other is told (exit 6)."""
    from anomalyctl.cli.prompts import ask_text
    from anomalyctl.triage import actions

    said = notes.strip() or ask_text("What was it, and what was done?", flag="--notes")

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.resolve(store, anomaly_id, notes=said, by=by, now=_now())

    _act("resolve", selectors, env, output, one)


@app.command()
def reopen(
    selectors: Selectors,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is not over.")] = "",
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Open resolved episodes again, with a reason."""
    from anomalyctl.cli.prompts import ask_text
    from anomalyctl.triage import actions

    said = reason.strip() or ask_text("Why is it not over?", flag="--reason")

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.reopen(store, anomaly_id, reason=said, by=by, now=_now())

    _act("reopen", selectors, env, output, one)


@app.command()
def modify(
    selectors: Selectors,
    assignments: Annotated[
        list[str], typer.Option("--set", metavar="TAG=VALUE", help="The right value; once for each tag.")
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why the value was wrong.")] = "",
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Correct values of the reading that was judged; original and modified are both kept."""
    from anomalyctl.cli.prompts import ask_text
    from anomalyctl.triage import actions
    from anomalyctl.triage.modifications import parse_assignments

    values = parse_assignments(assignments)
    said = reason.strip() or ask_text("Why was the value wrong?", flag="--reason")

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.modify(store, anomaly_id, values=values, reason=said, by=by, now=_now())

    _act("modify", selectors, env, output, one)


@app.command()
def watch(
    severity: SeverityOption = None,
    tag: TagOption = "",
    source: SourceOption = "",
    every: Annotated[str, typer.Option("--every", metavar="DURATION", help="How often to look.")] = "2s",
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Follow what happens to episodes until Ctrl-C; a JSON line for each change with --output json."""
    import time

    from anomalyctl.cli.output import show_line
    from anomalyctl.cli.views.anomalies import watch_line
    from anomalyctl.operations.anomalies.watching import watch as follow
    from anomalyctl.telemetry.durations import parse_duration

    interval = parse_duration(every, field="--every")
    chosen = _filter(StatusChoice.OPEN, severity, tag, "", source, _now())
    for event in follow(_store(env), chosen, clock=_now, sleep=time.sleep, interval=interval):
        show_line(event, watch_line, output)


def _act(
    action: str,
    selectors: list[str],
    env: str,
    output: OutputFormat,
    one: Callable[[AnomalyStore, str, str], Outcome],
) -> None:
    import os

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.views.anomalies import action_report
    from anomalyctl.operations.anomalies.acting import act, operator_name

    by = operator_name(os.environ)
    store = _store(env)
    report = act(
        store, _expanded(selectors), action, by=by, one=lambda anomaly_id: one(store, anomaly_id, by)
    )
    show_model(report, action_report, output)
    report.raise_for_failures()


def _expanded(selectors: list[str]) -> list[str]:
    from anomalyctl.operations.anomalies.selecting import ids_in

    piped = ids_in(sys.stdin.read()) if "-" in selectors else []
    return [each for selector in selectors for each in (piped if selector == "-" else [selector])]


def _filter(
    status: StatusChoice,
    severity: list[SeverityChoice] | None,
    tag: str,
    since: str,
    source: str,
    now: datetime,
) -> Filter:
    from anomalyctl.operations.anomalies.listing import Filter

    return Filter(
        status=status.value,
        severities=tuple(each.value for each in severity or ()),
        tag=tag,
        since=_since(since, now) if since else None,
        source=source,
    )


def _since(text: str, now: datetime) -> datetime:
    from anomalyctl.errors import InvalidInput
    from anomalyctl.telemetry.durations import parse_duration, parse_instant

    try:
        return now - parse_duration(text, field="--since")
    except InvalidInput:
        return parse_instant(text, now, field="--since")


def _store(env: str) -> AnomalyStore:
    from anomalyctl.operations.connections import connect

    return connect(env).anomalies


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
