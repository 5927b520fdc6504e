"""`anomalyctl rollout` and `anomalyctl rollback`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption

app = typer.Typer(no_args_is_help=True)


@app.callback()
def rollout() -> None:
    """Bring new code in by degrees, and go back by itself where it is worse."""


@app.command("detectors")
def detectors(
    image: Annotated[
        str | None, typer.Option(metavar="TAG", help="An image of the registry; this checkout's unless told.")
    ] = None,
    canary: Annotated[
        int, typer.Option(min=0, max=99, metavar="PERCENT", help="Of the traffic, first; 0 is all at once.")
    ] = 10,
    watch: Annotated[
        str, typer.Option(metavar="TIME", help="How long both are compared before it takes all.")
    ] = "15m",
    differences: Annotated[
        float,
        typer.Option(min=0, max=100, metavar="PERCENT", help="Of conclusions that may differ from before."),
    ] = 2.0,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Give a new revision of the detectors a share of the traffic, then all of it, or none.

    While it has its share, windows of the last day go to the old and the new revision: errors, the slowest
    answers and the conclusions are compared, and beside them what Azure Monitor tells of the real traffic.
    Where the new one is worse, the old one serves alone again and the exit code is 1; so it is after Ctrl-C
    and when this command is killed. Run again, it goes on.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.reaching import require_azure_environment
    from anomalyctl.cli.views.rollout import rolled_out_view
    from anomalyctl.operations.rollout.environment_rollout import require_sense, roll_out_detectors
    from anomalyctl.telemetry.durations import parse_duration

    length = parse_duration(watch, field="--watch")
    require_sense(image, canary, length, differences / 100)
    require_azure_environment(env, "rollout detectors")
    confirm(f"Roll {image or 'the image of this checkout'} out to the detectors of {env}?", yes=yes)
    with shown_progress() as progress:
        done = roll_out_detectors(
            env,
            tag=image,
            canary=canary,
            watch=length,
            different=differences / 100,
            arguments=sys.argv[1:],
            progress=progress,
        )
    show(done, rolled_out_view, output)
