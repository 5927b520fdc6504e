"""`anomalyctl ingest`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


class RecordingFormat(StrEnum):
    """How a recording is written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def ingest(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Recordings; - is standard input.")],
    format_: Annotated[
        RecordingFormat | None,
        typer.Option("--format", help="How they are written; unless told, by name and content."),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="The well or plant that they come from.")
    ] = "well-1",
    tags: Annotated[
        Path | None,
        typer.Option(
            "--tags", metavar="FILE", help="The plant's tag registry, TOML or JSON; kept for the source."
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="The column with the time; ISO 8601, UTC unless told."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="COLUMN", help="A column that is no tag; repeatable."),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option("--separator", metavar="CHARACTER", help="Between the columns of a CSV file."),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="ENV", help="The name of a protected environment, if you mean it."),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Send a recording of a real plant under the same rules as live readings; it keeps its own times.

    Rows that may not enter are told by line and field; the others are sent (exit 7). When none is good
    nothing is sent (exit 64). Empty cells are missing values.

    Example: anomalyctl ingest loop.csv --source loop --tags loop-tags.toml --time datetime --ignore label
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.ingest import ingest_view
    from anomalyctl.environments import environment_named
    from anomalyctl.errors import PartlyDone
    from anomalyctl.operations.feeding import check_protection
    from anomalyctl.operations.ingest import Ingestion
    from anomalyctl.operations.recordings.recording import Layout, open_recordings
    from anomalyctl.operations.tag_files import read_tag_file
    from anomalyctl.project import find_project
    from anomalyctl.telemetry.validation import check_source

    check_protection(environment_named(find_project(), env), confirm)
    check_source(source)
    registry = read_tag_file(tags) if tags is not None else None
    layout = Layout(
        format=format_.value if format_ is not None else None,
        time=time,
        ignore=tuple(ignore or ()),
        separator=separator,
    )
    recordings = open_recordings(files, layout)
    connections = connect(env)
    stopped: BaseException | None = None
    with shown_progress() as progress:
        ingestion = Ingestion(
            connections.readings, recordings, source=source, registry=registry, progress=progress
        )
        try:
            ingestion.run()
        except BaseException as error:  # noqa: BLE001 - raised again below, once what was sent has been told
            stopped = error
        summary = ingestion.summary()
    if stopped is None or summary.readings:
        show(summary.as_document(), ingest_view, output)
    if stopped is not None:
        raise stopped
    if summary.refused:
        raise PartlyDone(
            f"{summary.refused:,} rows were refused; the other {summary.readings:,} were sent.",
            hint="Correct those rows and send them again: what is there already counts as a repeat.",
            details={"refused": summary.refused},
        )
