"""All that is kept in Redis, behind one door."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import orjson

from anomalyctl.stores.leases import Lease, Leases
from anomalyctl.stores.readings.backlog import Backlog, backlog_of, together
from anomalyctl.stores.readings.breakers import BreakerBoard
from anomalyctl.stores.readings.dashboard import DashboardCache
from anomalyctl.stores.readings.dead_letters import DeadLetters
from anomalyctl.stores.readings.keys import tags_key
from anomalyctl.stores.readings.memory import Memories, as_of
from anomalyctl.stores.readings.models import ModelShelf, StoredModel
from anomalyctl.stores.readings.places import Places
from anomalyctl.stores.readings.queue import ReadingQueue
from anomalyctl.stores.readings.window import MOST_READINGS, RETENTION, Origin, ReadingWindows
from anomalyctl.stores.redis_errors import redis_errors
from anomalyctl.telemetry.registry import built_in_registry, parse_registry, registry_to_mapping
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import Memory, Tier

if TYPE_CHECKING:
    import redis

    from anomalyctl.resilience.guard import Guard


class ReadingStore:
    """Readings, models, memories, registries and dead letters of all sources.

    The parts may be used directly: `queue` (the first, where there are several), `places`, `windows`,
    `models`, `memories`, `dead_letters`, `leases`, `dashboard`, `breakers`. Times are epoch ms. Every method
    raises Unreachable, SignInFailed or Transient when Redis cannot do its part.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        retention: timedelta = RETENTION,
    ) -> None:
        self._client: Any = client
        self.windows = ReadingWindows(client, retention=retention)
        self.queue = ReadingQueue(client)
        self.places = Places(client)
        self.models = ModelShelf(client)
        self.memories = Memories(client)
        self.dead_letters = DeadLetters(client)
        self.leases = Leases(client)
        self.dashboard = DashboardCache(client)
        self.breakers = BreakerBoard(client)

    @redis_errors()
    def ping(self) -> bool:
        """Whether Redis answers."""
        return bool(self._client.ping())

    @redis_errors()
    def memory_share(self) -> float:
        """How much of Redis' memory limit is in use, 0 to 1 and over; 0 where there is no limit."""
        memory = self._client.info("memory")
        limit = int(memory.get("maxmemory", 0))
        # Buffers of replicas and of the append-only file do not count against the limit.
        used = int(memory["used_memory"]) - int(memory.get("mem_not_counted_for_evict", 0))
        return used / limit if limit else 0.0

    def append(self, source: str, payloads: Sequence[tuple[int, bytes]], *, origin: Origin) -> int:
        """Queue readings (own time in ms, JSON) and put them into the window; returns how many."""
        return self.windows.append(source, payloads, origin=origin)

    def window(
        self, source: str, from_ms: int, to_ms: int, limit: int = MOST_READINGS
    ) -> list[tuple[int, bytes]]:
        """Readings between two times, both included, oldest first; the newest `limit` of them."""
        return self.windows.read(source, from_ms, to_ms, limit)

    def newest_ms(self, source: str) -> int | None:
        """Time of the source's newest reading, None without any."""
        return self.windows.newest_ms(source)

    def newest_judged_ms(self, source: str) -> int | None:
        """Time of the newest reading that was judged in order, None before the first."""
        return as_of(self.memories.load(source))

    def sources(self) -> list[str]:
        """Sources that sent something within 24 h, in alphabetical order."""
        return self.windows.sources()

    def load_model(self, source: str, version: str | None = None) -> StoredModel | None:
        """The model in use (or a named version), None before the first fit."""
        return self.models.load(source, version)

    def load_model_version(self, source: str) -> str | None:
        """The version in use alone, which is cheap to ask."""
        return self.models.version(source)

    def save_model(
        self, source: str, *, version: str, data: bytes, fitted_at: datetime, rows: int = 0
    ) -> None:
        """Put a model into use; five before it are kept. `rows`: how many clean readings there were."""
        self.models.save(source, version=version, data=data, fitted_at=fitted_at, rows=rows)

    def load_memory(self, source: str) -> dict[Tier, Memory]:
        """What each tier remembers of the source."""
        return self.memories.load(source)

    def save_memory(self, source: str, memories: Mapping[Tier, Memory], *, lease: Lease) -> None:
        """Replace the memory of the tiers given, under the lease's token; raises LostRace."""
        self.memories.save(source, memories, lease=lease)

    @redis_errors()
    def load_registry(self, source: str) -> TagRegistry:
        """The source's own registry, or the built-in one."""
        data = self._client.get(tags_key(source))
        return built_in_registry() if data is None else parse_registry(orjson.loads(data))

    @redis_errors()
    def has_own_registry(self, source: str) -> bool:
        """Whether the source has tags of its own."""
        return bool(self._client.exists(tags_key(source)))

    @redis_errors()
    def save_registry(self, source: str, registry: TagRegistry) -> None:
        """Give the source tags of its own."""
        self._client.set(tags_key(source), orjson.dumps(registry_to_mapping(registry)))

    def guarded_by(self, guard: Guard) -> ReadingStore:
        """The same connections behind another guard; this store's client closes them."""
        retention = timedelta(milliseconds=self.windows.retention_ms)
        return ReadingStore(self._client.guarded_by(guard), retention=retention)

    def on_queue(self, number: int) -> Self:
        """The same store, whose `queue` is another."""
        other = copy.copy(self)
        other.queue = ReadingQueue(self._client, number)
        return other

    def backlog(self) -> Backlog:
        """How much waits, and since when, in all queues together."""
        return together(backlog_of(self.on_queue(number).queue) for number in self.places.queues())
