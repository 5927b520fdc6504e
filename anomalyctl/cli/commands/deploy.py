"""`anomalyctl deploy`."""

from __future__ import annotations

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption


def deploy(
    env: EnvironmentOption = "local", output: OutputOption = OutputFormat.TABLE, yes: YesOption = False
) -> None:
    """Bring the environment up and wait until each part is well. Run again, it heals what is not.

    `local` asks nothing: it starts Valkey, the Cosmos endpoint, the detectors and the functions on this
    machine, on loopback, with generated secrets, in the folder .anomalyctl/local of the project.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.deploy import deployment_view
    from anomalyctl.operations.deploy import deploy_local
    from anomalyctl.operations.environment import local_folder

    project, _ = local_folder(env, "deploy")
    with shown_progress() as progress:
        deployment = deploy_local(project, progress)
    show(deployment, deployment_view, output)
