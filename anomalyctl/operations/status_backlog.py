"""What waits: readings without a verdict in Redis, open episodes and dead letters in Cosmos DB."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from anomalyctl.errors import AnomalyctlError
from anomalyctl.local.environment import COSMOS, VALKEY, LocalConnections, connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    from anomalyctl.stores.readings import Backlog


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
        waiting, open_breakers = readings.result() if readings else (None, ())
        open_episodes, dead_letters = kept.result() if kept else (None, None)
        return Backlogs(
            queued=waiting.queued if waiting else None,
            pending=waiting.pending if waiting else None,
            oldest_ms=waiting.oldest_ms if waiting else None,
            open_episodes=open_episodes,
            dead_letters=dead_letters,
            open_breakers=open_breakers,
        )


def _readings(reach: LocalConnections) -> tuple[Backlog | None, tuple[str, ...]]:
    from anomalyctl.stores.connections import connect_redis
    from anomalyctl.stores.readings import ReadingStore

    client = connect_redis(reach.redis_connection_string)
    try:
        store = ReadingStore(client)
        held_back = store.breakers.open_at(epoch_ms(datetime.now(UTC)))
        return store.backlog(), tuple(sorted({state.name for state in held_back}))
    except AnomalyctlError:
        return None, ()
    finally:
        client.close()


def _kept(reach: LocalConnections) -> tuple[int | None, int | None]:
    """Open episodes, and dead letters."""
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.anomalies.schema import UNRESOLVED
    from anomalyctl.stores.cosmos import connect_cosmos

    try:
        store = AnomalyStore(connect_cosmos(reach.cosmos_connection_string))
        try:
            # Resolved ones stay in this container for a while, so that the change feed carries the closing.
            episodes = sum(
                1 for _ in store.query(UNRESOLVED, "SELECT c.id FROM c WHERE c.status != 'resolved'", {})
            )
            return episodes, store.count_dead_letters()
        finally:
            store.close()
    except AnomalyctlError:
        return None, None
