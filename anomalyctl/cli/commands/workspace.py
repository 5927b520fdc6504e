"""`anomalyctl workspace …`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.terraform_options import RootOption

app = typer.Typer(help="Workspaces of the state's backend: one an environment.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The workspace.")]


@app.command("list")
def list_(
    env: EnvironmentOption = "local", root: RootOption = None, output: OutputOption = OutputFormat.TABLE
) -> None:
    """List the workspaces of the environment's backend."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state import workspaces_view
    from anomalyctl.operations.infrastructure.workspaces import list_workspaces

    with shown_run() as screen:
        found = list_workspaces(request_for(env, root), screen)
    show(found, workspaces_view, output)


@app.command("show")
def show_(
    env: EnvironmentOption = "local", root: RootOption = None, output: OutputOption = OutputFormat.TABLE
) -> None:
    """Show the workspace that the environment works on. Exit 6 where it does not exist."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import selected_workspace

    with shown_run() as screen:
        found = selected_workspace(request_for(env, root), screen)
    show(found, workspace_view, output)


@app.command("new")
def new(
    name: NameArgument,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Make a workspace; its name must be an environment of the allow-list."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import new_workspace

    with shown_run() as screen:
        made = new_workspace(request_for(env, root), name, screen)
    show(made, workspace_view, output)


@app.command("select")
def select(
    name: NameArgument,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Select a workspace; in this project each environment has its own."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import select_workspace

    with shown_run() as screen:
        selected = select_workspace(request_for(env, root), name, screen)
    show(selected, workspace_view, output)


@app.command("delete")
def delete(
    name: NameArgument,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Delete a workspace that holds nothing; asks first."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state import workspace_view
    from anomalyctl.operations.infrastructure.workspaces import delete_workspace

    confirm(f"Delete the workspace {name}?", yes=yes)
    with shown_run() as screen:
        deleted = delete_workspace(request_for(env, root), name, screen)
    show(deleted, workspace_view, output)
