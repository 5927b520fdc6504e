"""`anomalyctl workspace …`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import RootOption, request_for

app = typer.Typer(help="Workspaces of the state's backend: one an environment.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The workspace.")]


@app.command("list")
def list_(
    env: EnvironmentOption = "local", root: RootOption = None, output: OutputOption = OutputFormat.TABLE
) -> None:
    """List the workspaces of the environment's backend."""
    from anomalyctl.cli.views.state import workspaces_view
    from anomalyctl.operations.infrastructure.workspaces import list_workspaces

    run_and_show(lambda screen: list_workspaces(request_for(env, root), screen), workspaces_view, output)


@app.command("show")
def show_(
    env: EnvironmentOption = "local", root: RootOption = None, output: OutputOption = OutputFormat.TABLE
) -> None:
    """Show the workspace that the environment works on. Exit 6 where it does not exist."""
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import selected_workspace

    run_and_show(lambda screen: selected_workspace(request_for(env, root), screen), workspace_view, output)


@app.command("new")
def new(
    name: NameArgument,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Make a workspace; its name must be an environment of the allow-list."""
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import new_workspace

    run_and_show(lambda screen: new_workspace(request_for(env, root), name, screen), workspace_view, output)


@app.command("select")
def select(
    name: NameArgument,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Select a workspace; in this project each environment has its own."""
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import select_workspace

    run_and_show(
        lambda screen: select_workspace(request_for(env, root), name, screen), workspace_view, output
    )


@app.command("delete")
def delete(
    name: NameArgument,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Delete a workspace that holds nothing; asks first."""
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import delete_workspace

    confirm(f"Delete the workspace {name}?", yes=yes)
    run_and_show(
        lambda screen: delete_workspace(request_for(env, root), name, screen), workspace_view, output
    )
