"""`anomalyctl deploy`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.terraform_options import (
    AllowDataLossOption,
    LockTimeoutOption,
    RootOption,
    TargetOption,
    VarFileOption,
    VarOption,
)


def deploy(
    plan_only: Annotated[
        bool, typer.Option("--plan-only", help="Show and keep the plan; apply nothing.")
    ] = False,
    target: TargetOption = None,
    var: VarOption = None,
    var_file: VarFileOption = None,
    allow_data_loss: AllowDataLossOption = None,
    no_publish: Annotated[
        bool,
        typer.Option(
            "--no-publish",
            envvar="ANOMALYCTL_NO_PUBLISH",
            help="Of Azure: only the infrastructure; leave the code as it is.",
        ),
    ] = False,
    no_dashboard: Annotated[
        bool,
        typer.Option(
            "--no-dashboard",
            envvar="ANOMALYCTL_NO_DASHBOARD",
            help="Of local: neither build nor start the dashboard.",
        ),
    ] = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
    yes: YesOption = False,
) -> None:
    """Bring the environment up and wait until each part is well. Run again, it heals or resumes.

    `local` asks nothing: it starts Valkey, the Cosmos endpoint, the detectors and the functions on this
    machine, on loopback, with generated secrets, in the folder .anomalyctl/local of the project. Where Node
    is installed the dashboard is built meanwhile and started, too; where not, the rest runs without it.

    An Azure environment is planned, reviewed, confirmed and applied by Terraform: first what `doctor` looks
    at, where a failure ends it before anything is changed; then the state's storage account where there is
    none; then exactly the plan that was shown; then the code is published, unless --target or --no-publish.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.environments import LOCAL
    from anomalyctl.errors import InvalidInput

    if env == LOCAL and root is None:
        if plan_only or target or var or var_file or allow_data_loss:
            raise InvalidInput(
                "The environment local has no plan, targets or variables.", hint="Name an Azure environment."
            )
        _deploy_local(env, output, dashboard=not no_dashboard)
        return
    from anomalyctl.cli.questions import approving
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.infrastructure import deployment_view
    from anomalyctl.operations.infrastructure.deploying import deploy_azure
    from anomalyctl.operations.infrastructure.planning import PlanOptions
    from anomalyctl.operations.publishing.publishing import publish

    options = PlanOptions(
        targets=tuple(target or ()), variable_files=tuple(var_file or ()), variables=tuple(var or ())
    )
    with shown_run() as screen:
        deployed = deploy_azure(
            request_for(env, root, lock_timeout),
            options,
            approve=approving(screen, yes=yes),
            plan_only=plan_only,
            allow_data_loss=allow_data_loss or (),
            publish=None if no_publish or target or root else lambda: publish(env, progress=screen),
            watcher=screen,
        )
    show(deployed, deployment_view, output)


def _deploy_local(env: str, output: OutputFormat, *, dashboard: bool) -> None:
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.deploy import deployment_view
    from anomalyctl.operations.deploy import deploy_local
    from anomalyctl.operations.environment import local_folder

    project, _ = local_folder(env, "deploy")
    with shown_progress() as progress:
        deployment = deploy_local(project, progress, dashboard=dashboard)
    show(deployment, deployment_view, output)
