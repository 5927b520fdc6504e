"""`anomalyctl doctor`."""

from __future__ import annotations

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption


def doctor(env: EnvironmentOption = "local", output: OutputOption = OutputFormat.TABLE) -> None:
    """Check what an environment needs and say what to mend. Exit 6 where something needed is missing.

    For `local`, this machine; for an Azure environment, Terraform, sign-in, roles, names, quota and state.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.doctor import doctor_table
    from anomalyctl.environments import environment_named
    from anomalyctl.errors import PreconditionFailed
    from anomalyctl.operations.doctor import examine
    from anomalyctl.project import find_project

    project = find_project()
    environment = environment_named(project, env)
    if environment.is_local:
        examination = examine(project)
    else:
        from anomalyctl.operations.doctor.azure import examine_azure

        examination = examine_azure(project, environment)
    show(examination, doctor_table, output)
    if not examination.healthy:
        raise typer.Exit(PreconditionFailed.exit_code)
