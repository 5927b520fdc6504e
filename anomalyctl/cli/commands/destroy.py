"""`anomalyctl destroy`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.terraform_options import (
    LockTimeoutOption,
    RootOption,
    TargetOption,
    VarFileOption,
    VarOption,
)


def destroy(
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment's name, instead of typing it.")
    ] = None,
    include_stateful: Annotated[
        bool, typer.Option("--include-stateful", help="Also what holds data; it is lost.")
    ] = False,
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show and keep the destroy plan; destroy nothing.")
    ] = False,
    plan: Annotated[
        str | None,
        typer.Option(metavar="ID", help="A destroy plan made before; a protected environment needs one."),
    ] = None,
    target: TargetOption = None,
    var: VarOption = None,
    var_file: VarFileOption = None,
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Of local: stop, and delete nothing.")
    ] = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
    yes: YesOption = False,
) -> None:
    """Take the environment down; shows what is lost, and asks first.

    `local` is stopped and its data deleted, after a yes or --yes.

    Of an Azure environment the destroy plan is shown, and the environment's name is typed or given with
    --confirm; --yes is not enough. What holds data stays unless --include-stateful. Afterwards the state is
    looked at for what is left, and Azure too where somebody is signed in; exit 7 where there is anything.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.environments import LOCAL
    from anomalyctl.errors import InvalidInput

    if env == LOCAL and root is None:
        if plan_only or plan or include_stateful or target or var or var_file:
            raise InvalidInput(
                "The environment local has no plan, targets or variables.", hint="Name an Azure environment."
            )
        _destroy_local(env, keep_data=keep_data, yes=yes or confirm == LOCAL, output=output)
        return
    if keep_data:
        raise InvalidInput("--keep-data is for the environment local.", field="--keep-data")
    from anomalyctl.cli.questions import confirming
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.infrastructure import destruction_view
    from anomalyctl.errors import PartlyDone
    from anomalyctl.operations.infrastructure.destroying import destroy_azure
    from anomalyctl.operations.infrastructure.planning import PlanOptions

    with shown_run() as screen:
        destroyed = destroy_azure(
            request_for(env, root, lock_timeout),
            PlanOptions(
                kind="destroy",
                targets=tuple(target or ()),
                variable_files=tuple(var_file or ()),
                variables=tuple(var or ()),
            ),
            confirm=confirming(screen, given=confirm, plan_only=plan_only),
            include_stateful=include_stateful,
            plan_name=plan,
            plan_only=plan_only,
            watcher=screen,
        )
    show(destroyed, destruction_view, output)
    # Beside what stays, Azure lists companions of it that no state knows: only a warning then.
    if destroyed.left_over or (destroyed.left_in_azure and not destroyed.staying):
        raise typer.Exit(PartlyDone.exit_code)


def _destroy_local(env: str, *, keep_data: bool, yes: bool, output: OutputFormat) -> None:
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.views.deploy import destruction_view
    from anomalyctl.operations.destroy import destroy_local, what_is_there
    from anomalyctl.operations.environment import local_folder

    _, folder = local_folder(env, "destroy")
    if what_is_there(folder).anything:
        loss = (
            "Its data stays."
            if keep_data
            else f"All readings, verdicts and secrets in {folder.root} are lost."
        )
        confirm(f"Stop the environment {env}? {loss}", yes=yes, flag="--yes")
    with shown_progress() as progress:
        destruction = destroy_local(folder, keep_data=keep_data, progress=progress)
    show(destruction, destruction_view, output)
