"""The stores and the detectors of one environment. Each is opened when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from anomalyctl.environments import Environment
from anomalyctl.project import Project

if TYPE_CHECKING:
    from anomalyctl.local.environment import LocalConnections as Addresses
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
