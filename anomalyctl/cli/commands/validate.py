"""`anomalyctl validate`."""

from __future__ import annotations

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.terraform_options import RootOption


def validate(
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Ask Terraform whether the configuration is valid. Exit 1 where it is not."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.infrastructure import validation_view
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.operations.infrastructure.initialising import validate as validate_configuration

    with shown_run() as screen:
        validation = validate_configuration(request_for(env, root), screen)
    show(validation, validation_view, output)
    if not validation.valid:
        raise typer.Exit(AnomalyctlError.exit_code)
