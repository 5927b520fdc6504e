"""`anomalyctl init`."""

from __future__ import annotations

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import RootOption, request_for


def init(
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Prepare an environment for Terraform: backend, providers, modules, workspace."""
    from anomalyctl.cli.views.infrastructure import initialised_view
    from anomalyctl.operations.infrastructure.initialising import initialise

    run_and_show(lambda screen: initialise(request_for(env, root), screen), initialised_view, output)
