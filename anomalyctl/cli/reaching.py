"""Connections for commands: where Terraform must be asked for addresses first, the user sees that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anomalyctl.operations.connections import Connections


def connect(env: str) -> Connections:
    """Connections to the environment of that name. Raises what `operations.connecting.connect` raises."""
    from anomalyctl.environments import environment_named
    from anomalyctl.operations import connecting
    from anomalyctl.project import find_project

    if environment_named(find_project(), env).is_local:
        return connecting.connect(env)
    from anomalyctl.cli.run_progress import shown_run

    with shown_run() as screen:
        return connecting.connect(env, watcher=screen)


def require_azure_environment(env: str, verb: str) -> None:
    """Raise PreconditionFailed for the environment on this machine, before anybody is asked anything."""
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.environment import require_azure
    from anomalyctl.project import find_project

    require_azure(environment_named(find_project(), env), verb)
