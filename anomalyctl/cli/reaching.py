"""Connections for commands: where Terraform must be asked for addresses first, the user sees that."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anomalyctl.operations.connections import Connections


def connect(env: str) -> Connections:
    """Connections to the environment of that name. Raises what `operations.connections.connect` raises."""
    from anomalyctl.environments import environment_named
    from anomalyctl.operations import connections
    from anomalyctl.project import find_project

    if environment_named(find_project(), env).is_local:
        return connections.connect(env)
    from anomalyctl.cli.run_progress import shown_run

    with shown_run() as screen:
        return connections.connect(env, watcher=screen)
