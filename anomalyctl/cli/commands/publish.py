"""`anomalyctl publish`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption

_PARTS = ("detectors", "functions", "dashboard", "all")


def _part_names(incomplete: str) -> list[str]:
    return [name for name in _PARTS if name.startswith(incomplete)]


def publish(
    part: Annotated[
        str,
        typer.Argument(
            metavar="[PART]", help="detectors, functions, dashboard or all.", autocompletion=_part_names
        ),
    ] = "all",
    local_build: Annotated[
        bool,
        typer.Option(
            "--local-build", help="Build the images with this machine's Docker, not in the registry."
        ),
    ] = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
    yes: YesOption = False,
) -> None:
    """Send the code of the checkout to an Azure environment, and wait until each part is well.

    The detectors' image is built in the container registry and named by its commit; the functions' package
    holds our code and the locked dependencies; the dashboard is built here. All of it is sent with Entra.
    What runs already is not sent again. Run again, it goes on where it ended. A protected environment asks
    first, or takes --yes.

    Exit 7 where some parts were published and one was not, 8 where one does not get well in time.
    """
    import sys

    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.views.publish import publishing_view
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.publishing.publishing import parts_named
    from anomalyctl.operations.publishing.publishing import publish as publish_parts
    from anomalyctl.project import find_project

    parts = parts_named(part)
    if environment_named(find_project(), env).protected:
        confirm(f"Publish {part} to the protected environment {env}?", yes=yes, flag="--yes")
    with shown_progress() as progress:
        published = publish_parts(
            env, parts, local_build=local_build, arguments=tuple(sys.argv[1:]), progress=progress
        )
    show(published, publishing_view, output)
