"""The Cosmos DB side of the system: verdicts, episodes, records and dead letters in one store."""

from __future__ import annotations

from typing import Any

from azure.cosmos import PartitionKey

from anomalyctl.stores.anomalies.dead_letters import DeadLetterStore
from anomalyctl.stores.anomalies.episodes import EpisodeStore
from anomalyctl.stores.anomalies.records import RecordStore
from anomalyctl.stores.anomalies.schema import CONTAINERS, Container
from anomalyctl.stores.anomalies.verdicts import VerdictStore


class AnomalyStore(VerdictStore, EpisodeStore, RecordStore, DeadLetterStore):
    """All containers of database `anomaly-detection`. Thread-safe; one per process.

    Every method raises `SignInFailed`, `NotDeployed` (no such database), `Unreachable`, `TimedOut` or
    `Transient` besides what it names itself.
    """

    def create_if_missing(self) -> None:
        """Create the database and its containers where they do not exist; those that do stay as they are."""
        self.call("create the database", lambda: self.client.create_database_if_not_exists(self.database.id))
        for container in CONTAINERS:
            self._create_container(container)

    def ping(self) -> None:
        """One cheap request; returns when the database answers."""
        self.call("read the database", self.database.read)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _create_container(self, container: Container) -> None:
        lifetime: dict[str, Any] = (
            {} if container.default_ttl_s is None else {"default_ttl": container.default_ttl_s}
        )
        self.call(
            f"create {container.name}",
            lambda: self.database.create_container_if_not_exists(
                container.name,
                PartitionKey(path=container.partition_key),
                indexing_policy=container.indexing_policy,
                **lifetime,
            ),
        )
