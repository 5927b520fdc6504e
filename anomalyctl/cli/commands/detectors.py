"""`anomalyctl detectors`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.commands.ingest import RecordingFormat
from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

if TYPE_CHECKING:
    from anomalyctl.operations.connections import Connections

app = typer.Typer(help="Try the detector on recordings, and choose the models in use.", no_args_is_help=True)


SourceOption = Annotated[
    str | None, typer.Option("--source", metavar="NAME", help="One well or plant; all unless told.")
]
OneSource = Annotated[str, typer.Option("--source", metavar="NAME", help="The well or plant.")]
ConfirmOption = Annotated[
    str | None,
    typer.Option("--confirm", metavar="ENV", help="The name of a protected environment, if you mean it."),
]


class LimitName(StrEnum):
    """Where the alarm limit comes from."""

    OPERATIONS = "operations"
    BENCHMARK = "benchmark"


@app.command()
def evaluate(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Recordings of any plant.")],
    format_: Annotated[
        RecordingFormat | None,
        typer.Option("--format", help="How they are written; unless told, by name and content."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="The column with the time, if its name does not tell."),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(
            "--label", metavar="COLUMN", help="The column with the truth; unless told, anomaly or label."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="COLUMN", help="A column that is no tag; repeatable."),
    ] = None,
    fit_rows: Annotated[
        int, typer.Option("--fit-rows", metavar="ROWS", help="How many first rows to fit on.")
    ] = 400,
    separator: Annotated[
        str | None,
        typer.Option("--separator", metavar="CHARACTER", help="Between the columns of a CSV file."),
    ] = None,
    limit: Annotated[
        LimitName, typer.Option("--limit", help="operations: quiet nights first; benchmark: as leaderboards.")
    ] = LimitName.OPERATIONS,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Try the detector on recordings: fit on the first rows of each file, judge the rest as it came.

    No environment is needed and nothing is kept. With labels it tells F1, false and missed alarms (row by
    row, never point-adjusted), areas under precision and recall, and the delay; without, scores alone.

    Examples: anomalyctl detectors evaluate plant.csv;
    anomalyctl detectors evaluate skab/*.csv --ignore changepoint --limit benchmark
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.detectors import evaluation_view
    from anomalyctl.operations.detectors.evaluating import evaluate as run
    from anomalyctl.operations.recordings.recording import Layout

    layout = Layout(
        format=format_.value if format_ else None, time=time, ignore=tuple(ignore or ()), separator=separator
    )
    with shown_progress() as progress:
        result = run(
            files, layout=layout, label=label, fit_rows=fit_rows, limit=limit.value, progress=progress
        )
    show(result, evaluation_view, output)


@app.command()
def status(
    source: SourceOption = None, env: EnvironmentOption = "local", output: OutputOption = OutputFormat.TABLE
) -> None:
    """The models of each source: the one in use, those kept before it, and why a fit was refused."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.detectors import models_view
    from anomalyctl.operations.detectors.models import status as run

    show(run(connect(env).readings, _checked(source)), models_view, output)


@app.command()
def fit(
    last: Annotated[
        str | None, typer.Option("--last", metavar="TIME", help="From the last … of readings; 24h at most.")
    ] = None,
    source: SourceOption = None,
    confirm: ConfirmOption = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Fit models on clean readings and put them into use; the ones before are kept.

    Readings that alarmed are left out, and so are simulated ones except in `local`. A model that alarms on
    more than 1 % of the newest clean readings is refused (exit 6), and the one in use stays.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.detectors import changes_view
    from anomalyctl.errors import InvalidInput
    from anomalyctl.operations.detectors.models import fit as run
    from anomalyctl.telemetry.durations import parse_duration

    span = parse_duration(last, field="--last") if last is not None else None
    if span is not None and not span:
        raise InvalidInput("--last is nothing at all.", field="--last", hint="Such as --last 12h.")
    connections = _writable(env, confirm)
    with shown_progress() as progress:
        changes = run(
            connections.readings,
            source=_checked(source),
            last=span,
            train_on_simulated=connections.environment.is_local,
            progress=progress,
        )
    show(changes, changes_view, output)


@app.command()
def promote(
    version: Annotated[str, typer.Argument(help="A version that `detectors status` shows.")],
    source: OneSource = "well-1",
    confirm: ConfirmOption = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Put a kept model into use; the next verdicts name it."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.detectors import changes_view
    from anomalyctl.operations.detectors.models import promote as run

    change = run(_writable(env, confirm).readings, _checked(source) or source, version)
    show([change], changes_view, output)


@app.command()
def rollback(
    source: OneSource = "well-1",
    confirm: ConfirmOption = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Put the model that was fitted before the one in use into use again."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.detectors import changes_view
    from anomalyctl.operations.detectors.models import rollback as run

    show([run(_writable(env, confirm).readings, _checked(source) or source)], changes_view, output)


def _checked(source: str | None) -> str | None:
    from anomalyctl.telemetry.validation import check_source

    return check_source(source) if source is not None else None


def _writable(env: str, confirm: str | None) -> Connections:
    """Connections, once a protected environment was named. Raises Protected."""
    from anomalyctl.cli.reaching import connect
    from anomalyctl.environments import environment_named
    from anomalyctl.errors import Protected
    from anomalyctl.project import find_project

    environment = environment_named(find_project(), env)
    if environment.protected and confirm != environment.name:
        raise Protected(
            f"{environment.name} is protected: its verdicts would come from another model.",
            hint=f"Nothing was changed. Pass --confirm {environment.name} if you mean it.",
        )
    return connect(env)
