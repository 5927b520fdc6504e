"""`anomalyctl anomalies …`: what was found, and what operators do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.commands.anomalies_acting import (
    act,
    act_on_all,
    chosen_by,
    filter_of,
    open_store,
    utc_now,
)
from anomalyctl.cli.commands.anomalies_options import (
    AllOption,
    DryRunOption,
    Selectors,
    SelectorsOrAll,
    SeverityOption,
    SinceOption,
    SourceOption,
    StatusChoice,
    StatusOption,
    TagOption,
)
from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption

if TYPE_CHECKING:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.triage.performing import Outcome

app = typer.Typer(help="What was found, and what is done about it.", no_args_is_help=True)


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

    now = utc_now()
    chosen = replace(filter_of(status, severity, tag, since, source, now), limit=limit)
    show_model(list_anomalies(open_store(env), chosen, now=now), anomalies_table, output)


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

    show_model(show_anomaly(open_store(env), selector, now=utc_now()), anomaly_document, output)


@app.command()
def explain(
    selector: Annotated[str, typer.Argument(metavar="ID", help="An id, its beginning, @latest or @worst.")],
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show what surrounds one episode: trends, siblings, earlier ones like it and how they were closed."""
    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.views.explained import explained_view
    from anomalyctl.operations.anomalies.explaining import explain as run

    show_model(run(open_store(env), selector, now=utc_now()), explained_view, output)


@app.command()
def assign(
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="Who takes care of it.")],
    selectors: SelectorsOrAll = None,
    everything: AllOption = False,
    severity: SeverityOption = None,
    tag: TagOption = "",
    since: SinceOption = "",
    source: SourceOption = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Give open episodes to somebody: those named, or with --all those that the filters take.

    Several have a result each; exit 7 when some could not be given.
    """
    from anomalyctl.triage import actions

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.assign(store, anomaly_id, to=to, by=by, now=utc_now())

    chosen = chosen_by(selectors, everything, severity, tag, since, source)
    if chosen is None:
        act("assign", selectors or [], env, output, one, dry_run=dry_run)
    else:
        act_on_all("assign", chosen, env, output, one, dry_run=dry_run, yes=yes)


@app.command()
def resolve(
    selectors: SelectorsOrAll = None,
    notes: Annotated[
        str, typer.Option("--notes", metavar="TEXT", help="What it was and what was done.")
    ] = "",
    everything: AllOption = False,
    severity: SeverityOption = None,
    tag: TagOption = "",
    since: SinceOption = "",
    source: SourceOption = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Close episodes, with notes. Of two operators one wins, and the other is told (exit 6).

    With --all those that the filters take; several have a result each, exit 7 when some could not be closed.
    """
    from anomalyctl.cli.prompts import ask_text
    from anomalyctl.triage import actions

    chosen = chosen_by(selectors, everything, severity, tag, since, source)
    said = notes.strip() or ("" if dry_run else ask_text("What was it, and what was done?", flag="--notes"))

    def one(store: AnomalyStore, anomaly_id: str, by: str) -> Outcome:
        return actions.resolve(store, anomaly_id, notes=said, by=by, now=utc_now())

    if chosen is None:
        act("resolve", selectors or [], env, output, one, dry_run=dry_run)
    else:
        act_on_all("resolve", chosen, env, output, one, dry_run=dry_run, yes=yes)


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
        return actions.reopen(store, anomaly_id, reason=said, by=by, now=utc_now())

    act("reopen", selectors, env, output, one)


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
        return actions.modify(store, anomaly_id, values=values, reason=said, by=by, now=utc_now())

    act("modify", selectors, env, output, one)


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
    from datetime import timedelta

    from anomalyctl.cli.output import show_line
    from anomalyctl.cli.views.anomalies import watch_line
    from anomalyctl.errors import InvalidInput
    from anomalyctl.operations.anomalies.watching import watch as follow
    from anomalyctl.telemetry.durations import parse_duration

    interval = parse_duration(every, field="--every")
    if interval < timedelta(seconds=0.5):
        raise InvalidInput("--every must be 500 ms or more.", field="--every", hint="Such as --every 2s.")
    chosen = filter_of(StatusChoice.OPEN, severity, tag, "", source, utc_now())
    for event in follow(open_store(env), chosen, clock=utc_now, sleep=time.sleep, interval=interval):
        show_line(event, watch_line, output)
