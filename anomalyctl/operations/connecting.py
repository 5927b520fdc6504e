"""The way from an environment's name to its stores and detectors, on this machine or in Azure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from anomalyctl.environments import environment_named
from anomalyctl.operations.connections import Connections, LocalConnections
from anomalyctl.project import find_project

if TYPE_CHECKING:
    from anomalyctl.operations.infrastructure.watching import Watcher


def connect(
    environment_name: str, *, watcher: Watcher | None = None, environ: Mapping[str, str] | None = None
) -> Connections:
    """Connections to the environment of that name; `watcher` sees what Terraform is asked.

    Raises UnknownEnvironment, and NotDeployed where it does not run or was never deployed.
    """
    project = find_project(environ)
    environment = environment_named(project, environment_name)
    if environment.is_local:
        from anomalyctl.local.environment import read_connections

        return LocalConnections(project, environment, read_connections(project.state))
    from anomalyctl.operations.azure_connections import AzureConnections
    from anomalyctl.operations.deployed import deployed
    from anomalyctl.operations.infrastructure.watching import UNWATCHED

    found = deployed(environment_name, watcher=watcher or UNWATCHED, environ=environ)
    return AzureConnections(project, environment, found, environ)
