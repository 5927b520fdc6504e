"""`anomalyctl simulate`, and `anomalyctl simulate score`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

app = typer.Typer()

_WHAT = "What to send"
_WHEN = "When to send it"

_FAULT_HELP = (
    "A fault with known truth, repeatable: KIND:TAG@OFFSET\\[+DURATION]\\[xSIZE]. Kinds: spike, "
    "level-shift, drift, stuck, dropout, correlation-break, late, malformed; TAG may be * for the last two. "
    "OFFSET counts from the first reading; SIZE counts standard deviations of the tag's noise (8 unless "
    "told; correlation-break 4), for late the readings that overtake the last."
)


@app.callback(invoke_without_command=True)
def simulate(
    context: typer.Context,
    rate: Annotated[
        str | None,
        typer.Option("--rate", metavar="TIME", help="One reading each … (10s).", rich_help_panel=_WHEN),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", metavar="N", help="End after N live readings.", rich_help_panel=_WHEN),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration",
            metavar="TIME",
            help="End after live readings of this much plant time.",
            rich_help_panel=_WHEN,
        ),
    ] = None,
    backfill: Annotated[
        str | None,
        typer.Option(
            "--backfill",
            metavar="TIME",
            help="Send this much past at once; alone, end then; with --rate, go on live.",
            rich_help_panel=_WHEN,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--start",
            metavar="TIME",
            help="Time of the first reading: now-24h, or ISO 8601 (UTC).",
            rich_help_panel=_WHEN,
        ),
    ] = None,
    speed: Annotated[
        str,
        typer.Option(
            "--speed",
            metavar="FACTOR",
            help="Faster than the clock, from the past up to the present.",
            rich_help_panel=_WHEN,
        ),
    ] = "1x",
    seed: Annotated[int, typer.Option("--seed", help="Chooses the noise.", rich_help_panel=_WHAT)] = 7,
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="The well or plant.", rich_help_panel=_WHAT)
    ] = "well-1",
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="FAULT", help=_FAULT_HELP, rich_help_panel=_WHAT),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="ENV", help="The name of a protected environment, if you mean it."),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Send simulated readings: the same seed and start give the same readings, byte for byte.

    Readings are marked as simulated. The truth about the faults is in the result, and kept in the file
    simulations.jsonl of the project's state folder. Ctrl-C ends the run and tells what was sent (exit 130).

    Examples: anomalyctl simulate --backfill 24h;  anomalyctl simulate --rate 10s
    --fault level-shift:INJECTION_PRESSURE@5m+10mx8
    """
    if context.invoked_subcommand is not None:
        return
    from datetime import UTC, datetime

    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.simulate import simulation_view
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.feeding import check_protection
    from anomalyctl.operations.simulate import Simulation
    from anomalyctl.operations.simulation_labels import keep_labels
    from anomalyctl.operations.simulation_plan import parse_speed, plan_simulation
    from anomalyctl.project import find_project
    from anomalyctl.telemetry.durations import parse_duration, parse_instant
    from anomalyctl.telemetry.faults import parse_fault

    check_protection(environment_named(find_project(), env), confirm)
    now = datetime.now(UTC)
    plan = plan_simulation(
        now,
        rate=parse_duration(rate, field="--rate") if rate is not None else None,
        count=count,
        duration=parse_duration(duration, field="--duration") if duration is not None else None,
        backfill=parse_duration(backfill, field="--backfill") if backfill is not None else None,
        start=parse_instant(start, now, field="--start") if start is not None else None,
        speed=parse_speed(speed),
        seed=seed,
        source=source,
        faults=tuple(parse_fault(text) for text in fault or ()),
    )
    connections = connect(env)
    stopped: BaseException | None = None
    with shown_progress() as progress:
        simulation = Simulation(connections.readings, plan, progress=progress)
        try:
            simulation.run()
        except BaseException as error:  # noqa: BLE001 - raised again below, once what was sent has been told
            stopped = error
        document = simulation.summary().as_document()
        if document["readings"]:
            try:
                keep_labels(connections.project.state, env, document, datetime.now(UTC))
            except OSError as error:
                progress.warn(f"The labels of the faults could not be kept: {error.strerror}.")
    if stopped is None or document["readings"] or isinstance(stopped, KeyboardInterrupt):
        show(document, simulation_view, output)
    if stopped is not None:
        raise stopped


@app.command()
def score(
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="NAME", help="Runs of one well or plant; all unless told."),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, help="The newest N runs.")] = 1,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Compare what was found with the truth of simulated faults: precision, recall and delay by kind."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.simulation_score import score_view
    from anomalyctl.operations.simulation_labels import read_labels
    from anomalyctl.operations.simulation_score import score as run

    connections = connect(env)
    kept = [
        each
        for each in read_labels(connections.project.state, env)
        if each["environment"] == env and source in (None, each["source"])
    ]
    show(run(connections.anomalies, kept[-runs:]), score_view, output)
