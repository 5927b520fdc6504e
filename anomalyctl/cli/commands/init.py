"""`anomalyctl init`."""

from __future__ import annotations

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.terraform_options import RootOption


def init(
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Prepare an environment for Terraform: backend, providers, modules, workspace."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.infrastructure import initialised_view
    from anomalyctl.operations.infrastructure.initialising import initialise

    with shown_run() as screen:
        initialised = initialise(request_for(env, root), screen)
    show(initialised, initialised_view, output)
