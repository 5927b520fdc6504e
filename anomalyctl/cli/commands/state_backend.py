"""`anomalyctl state bootstrap` and `state migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption


def bootstrap(env: EnvironmentOption = "local", output: OutputOption = OutputFormat.TABLE) -> None:
    """Make the storage account that keeps the state, once: what is as it should be is left alone.

    A resource group, an account without shared keys, versions and soft delete, a container, your role on it,
    a lock against deletion. Waits until your role has arrived.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.views.state_backend import bootstrapped_view
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.state_backend import bootstrap_state_backend
    from anomalyctl.project import find_project

    project = find_project()
    with shown_run() as screen:
        done = bootstrap_state_backend(environment_named(project, env), project=project, progress=screen)
    show(done, bootstrapped_view, output)


def migrate(
    file: Annotated[
        Path | None,
        typer.Argument(help="A state file; without it, the former account's state or a local one."),
    ] = None,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Copy a state into the account that environments.toml means; asks first, compares afterwards."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.questions import asking
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.state_backend import migrated_view
    from anomalyctl.operations.state_backend.migrate import migrate_state

    with shown_run() as screen:
        done = migrate_state(
            request_for(env, None), source=file, confirm=asking(screen, yes=yes), watcher=screen
        )
    show(done, migrated_view, output)
