"""The way from an environment's name to its stores and detectors. Each is opened when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from anomalyctl.environments import Environment, environment_named
from anomalyctl.project import Project, find_project

if TYPE_CHECKING:
    from anomalyctl.local.environment import LocalConnections as Addresses
    from anomalyctl.operations.infrastructure.watching import Watcher
    from anomalyctl.pipeline.detectors import DetectorClient
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.readings import ReadingStore


class Connections:
    """The stores and the detectors of one running environment."""

    def __init__(self, project: Project, environment: Environment) -> None:
        self.project = project
        self.environment = environment

    def operator(self, environ: Mapping[str, str]) -> str:
        """Who acts, for the record. Raises InvalidInput where nobody can tell."""
        from anomalyctl.operations.anomalies.acting import operator_name

        return operator_name(environ)

    @cached_property
    def readings(self) -> ReadingStore:
        """Redis: the queue, the windows, models and memories."""
        raise NotImplementedError

    @cached_property
    def anomalies(self) -> AnomalyStore:
        """Cosmos DB: verdicts, episodes, what operators did."""
        raise NotImplementedError

    @cached_property
    def detectors(self) -> DetectorClient:
        """The three detectors, over HTTP."""
        raise NotImplementedError


class LocalConnections(Connections):
    """Those of the environment on this machine, with its generated secrets."""

    def __init__(self, project: Project, environment: Environment, addresses: Addresses) -> None:
        super().__init__(project, environment)
        self._addresses = addresses

    @cached_property
    def readings(self) -> ReadingStore:
        """Redis: the queue, the windows, models and memories."""
        from anomalyctl.stores.connections import connect_redis
        from anomalyctl.stores.readings import ReadingStore

        return ReadingStore(connect_redis(self._addresses.redis_connection_string))

    @cached_property
    def anomalies(self) -> AnomalyStore:
        """Cosmos DB: verdicts, episodes, what operators did."""
        from anomalyctl.resilience.guard import Guard
        from anomalyctl.resilience.policies import DATABASE
        from anomalyctl.resilience.settings import in_force
        from anomalyctl.stores.anomalies import AnomalyStore
        from anomalyctl.stores.cosmos import connect_cosmos

        # A person waits: a second of retries, not the half minute that a worker may take.
        guard = Guard(in_force(DATABASE).interactive())
        client = connect_cosmos(self._addresses.cosmos_connection_string, timeout_s=guard.policy.timeout_s)
        return AnomalyStore(client, guard=guard)

    @cached_property
    def detectors(self) -> DetectorClient:
        """The three detectors, over HTTP."""
        from anomalyctl.pipeline.detectors import DetectorClient

        return DetectorClient(self._addresses.detectors_endpoint, self._addresses.detector_token)


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
