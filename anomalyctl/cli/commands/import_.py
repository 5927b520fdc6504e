"""`anomalyctl import`."""

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


def import_(
    address: Annotated[str, typer.Argument(help="The resource's address in the configuration.")],
    resource_id: Annotated[str, typer.Argument(metavar="ID", help="Its id in Azure.")],
    var: VarOption = None,
    var_file: VarFileOption = None,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Take a resource that exists in Azure into the state, after a copy of the state."""
    from anomalyctl.cli.views.infrastructure import imported_view
    from anomalyctl.operations.infrastructure.importing import import_resource
    from anomalyctl.operations.infrastructure.planning import PlanOptions

    options = PlanOptions(variable_files=tuple(var_file or ()), variables=tuple(var or ()))
    run_and_show(
        lambda screen: import_resource(
            request_for(env, root, lock_timeout), address, resource_id, options, screen
        ),
        imported_view,
        output,
    )
