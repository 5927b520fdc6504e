"""What waits: readings without a verdict in Redis, open episodes and dead letters in Cosmos DB."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from anomalyctl.errors import AnomalyctlError
from anomalyctl.local.environment import COSMOS, VALKEY, LocalConnections, connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.readings import ReadingStore


@dataclass(frozen=True, slots=True)
class Backlogs:
    """What waits; None where nobody could be asked."""

    queued: int | None = None
    pending: int | None = None
    oldest_ms: int | None = None
    open_episodes: int | None = None
    dead_letters: int | None = None
    open_breakers: tuple[str, ...] = ()
    """What the functions leave alone for a while, since it failed."""

    def oldest_s(self, now: datetime) -> float | None:
        """How long the oldest reading without a verdict has been waiting, in seconds."""
        return None if self.oldest_ms is None else round(max(0, epoch_ms(now) - self.oldest_ms) / 1000, 1)


def read_backlogs(folder: LocalFolder, well: Collection[str]) -> Backlogs:
    """Ask the stores that are well, side by side. What cannot be told is None: status must always answer."""
    secrets, ports = load_secrets(folder), load_ports(folder)
    if secrets is None or not {VALKEY, COSMOS} <= ports.keys():
        return Backlogs()
    reach = connections({"detectors": 0, **ports}, secrets)
    with ThreadPoolExecutor(max_workers=2) as pool:
        readings = pool.submit(_readings, reach) if VALKEY in well else None
        kept = pool.submit(_kept, reach) if COSMOS in well else None
        told = {**(readings.result() if readings else {}), **(kept.result() if kept else {})}
        return Backlogs(**told)


def backlog_of_readings(store: ReadingStore, now: datetime) -> dict[str, Any]:
    """What waits in Redis, as fields of `Backlogs`."""
    waiting = store.backlog()
    return {
        "queued": waiting.queued,
        "pending": waiting.pending,
        "oldest_ms": waiting.oldest_ms,
        "open_breakers": tuple(sorted({state.name for state in store.breakers.open_at(epoch_ms(now))})),
    }


def backlog_of_anomalies(store: AnomalyStore) -> dict[str, Any]:
    """Open episodes and dead letters, as fields of `Backlogs`."""
    from anomalyctl.stores.anomalies.schema import UNRESOLVED

    # Resolved ones stay in this container for a while, so that the change feed carries the closing.
    episodes = store.query(UNRESOLVED, "SELECT c.id FROM c WHERE c.status != 'resolved'", {})
    return {"open_episodes": sum(1 for _ in episodes), "dead_letters": store.count_dead_letters()}


def _readings(reach: LocalConnections) -> dict[str, Any]:
    from anomalyctl.stores.connections import connect_redis
    from anomalyctl.stores.readings import ReadingStore

    client = connect_redis(reach.redis_connection_string)
    try:
        return backlog_of_readings(ReadingStore(client), datetime.now(UTC))
    except AnomalyctlError:
        return {}
    finally:
        client.close()


def _kept(reach: LocalConnections) -> dict[str, Any]:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.cosmos import connect_cosmos

    try:
        store = AnomalyStore(connect_cosmos(reach.cosmos_connection_string))
        try:
            return backlog_of_anomalies(store)
        finally:
            store.close()
    except AnomalyctlError:
        return {}
