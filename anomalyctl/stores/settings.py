"""What a service reads from its environment to find the stores; the names are the specification's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from anomalyctl.stores.connections import DEFAULT_POOL_SIZE, TIMEOUT_S, connect_redis
from anomalyctl.stores.readings import ReadingStore

if TYPE_CHECKING:
    from anomalyctl.resilience.guard import Guard
    from anomalyctl.stores.anomalies import AnomalyStore


class RedisSettings(BaseSettings):
    """Where the readings are. Secrets never show in a representation."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    redis_connection_string: SecretStr
    """`host:port,password=…,ssl=True`, or a redis:// URL."""
    redis_pool_size: int = Field(DEFAULT_POOL_SIZE, ge=1, le=1_000)
    """Connections of one process."""
    redis_connect_timeout_ms: int = Field(int(TIMEOUT_S * 1000), ge=1)
    retention_hours: float = Field(24.0, gt=0, le=24 * 90)
    """How long the window of a source is."""

    def reading_store(self, guard: Guard | None = None) -> ReadingStore:
        """The Redis side, with one pool, behind a guard for one who waits unless one is given; it connects at
        the first command.
        """
        client = connect_redis(
            self.redis_connection_string.get_secret_value(),
            pool_size=self.redis_pool_size,
            connect_timeout_s=self.redis_connect_timeout_ms / 1000,
            guard=guard,
        )
        return ReadingStore(client, retention=timedelta(hours=self.retention_hours))


class StoreSettings(RedisSettings):
    """Where readings and anomalies are."""

    cosmos_db_connection_string: SecretStr
    """`AccountEndpoint=…;AccountKey=…;`, or the endpoint alone for Entra."""

    def anomaly_store(self, guard: Guard | None = None) -> AnomalyStore:
        """The Cosmos DB side, behind a guard of its own unless one is given."""
        from anomalyctl.resilience.guard import Guard
        from anomalyctl.resilience.policies import DATABASE
        from anomalyctl.resilience.settings import in_force
        from anomalyctl.stores.anomalies import AnomalyStore
        from anomalyctl.stores.cosmos import connect_cosmos

        guard = guard or Guard(in_force(DATABASE))
        client = connect_cosmos(
            self.cosmos_db_connection_string.get_secret_value(), timeout_s=guard.policy.timeout_s
        )
        return AnomalyStore(client, guard=guard)
