"""`anomalyctl replay`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

if TYPE_CHECKING:
    from datetime import datetime

    from anomalyctl.operations.connections import Connections
    from anomalyctl.operations.replay_comparing import Comparison
    from anomalyctl.operations.replay_counting import Replay
    from anomalyctl.operations.replay_resuming import ReplayBookmark


class SpeedChoice(StrEnum):
    """How fast the readings pass."""

    ORIGINAL = "original"
    TENFOLD = "10x"
    MAX = "max"


def replay(
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="Start: now-24h, or ISO 8601 (UTC).")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End; now unless told.")] = None,
    last: Annotated[
        str | None, typer.Option("--last", metavar="TIME", help="The last … up to now, such as 1h.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="One well or plant; all unless told.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Replace the kept verdicts and count them into episodes.")
    ] = False,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="MODEL",
            help="Compare: a model's version, or a detector service's address.",
        ),
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option(
            "--candidate", metavar="MODEL", help="What is held against --baseline; exit 2 if they differ."
        ),
    ] = None,
    speed: Annotated[
        SpeedChoice, typer.Option("--speed", help="As the readings came, ten times as fast, or at once.")
    ] = SpeedChoice.MAX,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the replay that was interrupted, as it was asked for."),
    ] = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Run kept readings through the detectors again, with today's model and limits.

    Verdicts are counted and shown; nothing is written unless --write. What is older than the 24 h window
    comes from the kept verdicts. With --baseline and --candidate the readings go through both, nothing is
    written, and verdicts that were won, lost or moved to another tag are counted (DETECTOR_TOKEN holds the
    token of a service that is given by its address). An interrupted replay goes on with --resume: same span,
    source, --write and models; without models only the rest is counted.

    Examples: anomalyctl replay --last 1h;  anomalyctl replay --from 2026-03-01T06:00Z --to 2026-03-01T09:00Z
    """
    from datetime import UTC, datetime

    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.replay import comparison_view, replay_view
    from anomalyctl.errors import InvalidInput
    from anomalyctl.operations.connecting import connect
    from anomalyctl.operations.replay_comparing import Comparison
    from anomalyctl.operations.replay_resuming import FILE_NAME, ReplayBookmark
    from anomalyctl.operations.replay_spans import span_of
    from anomalyctl.telemetry.durations import parse_duration, parse_instant
    from anomalyctl.telemetry.validation import check_source

    now = datetime.now(UTC)
    if resume and (write or any((from_, to, last, source, baseline, candidate))):
        raise InvalidInput(
            "--resume goes on as it was asked for: it takes no span, source, --write or model."
        )
    if (baseline is None) != (candidate is None) or (baseline is not None and write):
        raise InvalidInput("--baseline and --candidate go together, and without --write.", field="--baseline")
    if source is not None:
        check_source(source)
    span = None
    if not resume:
        span = span_of(
            parse_instant(from_, now, field="--from") if from_ is not None else None,
            parse_instant(to, now, field="--to") if to is not None else None,
            parse_duration(last, field="--last") if last is not None else None,
            now,
        )
    connections = connect(env)
    path = connections.project.state / connections.environment.name / FILE_NAME
    compared = (baseline, candidate) if baseline is not None and candidate is not None else None
    bookmark = (
        ReplayBookmark(path, span, source, write=write, compared=compared)
        if span
        else ReplayBookmark.opened(path)
    )
    with _telling_how_to_go_on(bookmark, env, speed):
        result = _run(connections, bookmark, now, speed)
    if isinstance(result, Comparison):
        show(result, comparison_view, output)
        if result.readings != result.same:
            raise typer.Exit(2)
    else:
        show(result, replay_view, output)


def _run(
    connections: Connections, bookmark: ReplayBookmark, now: datetime, speed: SpeedChoice
) -> Replay | Comparison:
    import os

    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.operations.replay import replay as run
    from anomalyctl.operations.replay_comparing import compare
    from anomalyctl.operations.replay_pacing import Pace

    pace = Pace({SpeedChoice.ORIGINAL: 1.0, SpeedChoice.TENFOLD: 10.0}.get(speed))
    with shown_progress() as progress:
        if bookmark.compared is None:
            return run(
                connections,
                bookmark.span,
                source=bookmark.source,
                write=bookmark.write,
                now=now,
                pace=pace,
                bookmark=bookmark,
                progress=progress,
            )
        return compare(
            connections,
            bookmark.span,
            baseline=bookmark.compared[0],
            candidate=bookmark.compared[1],
            source=bookmark.source,
            token=os.environ.get("DETECTOR_TOKEN", ""),
            pace=pace,
            bookmark=bookmark,
            progress=progress,
        )


@contextmanager
def _telling_how_to_go_on(bookmark: ReplayBookmark, env: str, speed: SpeedChoice) -> Iterator[None]:
    from anomalyctl.cli.boundary import Terminated
    from anomalyctl.cli.console import talk

    try:
        yield
    except (KeyboardInterrupt, Terminated):
        bookmark.keep()
        command = "anomalyctl replay --resume"
        command += "" if env == "local" else f" --env {env}"
        command += "" if speed is SpeedChoice.MAX else f" --speed {speed.value}"
        talk().print(f"Interrupted. Go on with: {command}", soft_wrap=True, highlight=False)
        raise
