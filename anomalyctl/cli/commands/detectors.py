"""`anomalyctl detectors`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from anomalyctl.cli.commands.ingest import RecordingFormat
from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import OutputOption

app = typer.Typer(help="Try the detector on recordings, and choose the models in use.", no_args_is_help=True)


class LimitName(StrEnum):
    """Where the alarm limit comes from."""

    OPERATIONS = "operations"
    BENCHMARK = "benchmark"


@app.callback()
def detectors() -> None:
    """Keeps the group a group while it has one command."""


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
