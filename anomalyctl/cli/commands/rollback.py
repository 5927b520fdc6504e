"""`anomalyctl rollback`."""

from __future__ import annotations

import sys

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption


def rollback(
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Bring the detectors back to the image from before the last rollout, finished or not."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.reaching import require_azure_environment
    from anomalyctl.cli.views.rollout import rolled_back_view
    from anomalyctl.operations.rollout.environment_rollout import roll_back_detectors

    require_azure_environment(env, "rollback")
    confirm(f"Take the last rollout of {env} back?", yes=yes)
    with shown_progress() as progress:
        done = roll_back_detectors(env, arguments=sys.argv[1:], progress=progress)
    show(done, rolled_back_view, output)
