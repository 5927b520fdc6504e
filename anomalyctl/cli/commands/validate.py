"""`anomalyctl validate`."""

from __future__ import annotations

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import RootOption, request_for


def validate(
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Ask Terraform whether the configuration is valid. Exit 1 where it is not."""
    from anomalyctl.cli.views.infrastructure import validation_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.infrastructure.initialising import validate as validate_configuration

    validation = run_and_show(
        lambda screen: validate_configuration(request_for(env, root), screen), validation_view, output
    )
    if not validation.valid:
        raise typer.Exit(AnomalyctlError.exit_code)
