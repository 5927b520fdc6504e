"""`anomalyctl drift`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import (
    LockTimeoutOption,
    RootOption,
    VarFileOption,
    VarOption,
    request_for,
)


def drift(
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 where something drifted.")
    ] = False,
    var: VarOption = None,
    var_file: VarFileOption = None,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show what changed outside of Terraform since the last apply; changes nothing."""
    from anomalyctl.cli.views.plan import drift_view
    from anomalyctl.operations.infrastructure.drift import find_drift
    from anomalyctl.operations.infrastructure.planning import PlanOptions

    options = PlanOptions(variable_files=tuple(var_file or ()), variables=tuple(var or ()))
    found = run_and_show(
        lambda screen: find_drift(request_for(env, root, lock_timeout), options, screen), drift_view, output
    )
    if detailed_exitcode and found.drifted:
        raise typer.Exit(2)
