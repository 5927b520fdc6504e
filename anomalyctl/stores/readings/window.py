"""The 24 h window of each source: readings by their own time, beside the queue that they also enter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from anomalyctl.stores.connections import redis_errors
from anomalyctl.stores.readings.keys import READINGS, simulated_key, source_of_window, window_key
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    import redis

Origin = Literal["live", "simulated", "recorded"]
RETENTION = timedelta(hours=24)
MOST_READINGS = 8_640
_FUTURE_MS = 60_000
# Small enough that the server serves others in between, large enough that a day takes 44 round trips.
_CHUNK = 200


class ReadingWindows:
    """The windows of all sources. Times are epoch ms; payloads are the readings' JSON as it came."""

    def __init__(
        self, client: redis.Redis, *, clock: Callable[[], datetime], retention: timedelta = RETENTION
    ) -> None:
        self._client: Any = client
        self._clock = clock
        self._retention_ms = int(retention.total_seconds() * 1000)

    @redis_errors()
    def append(self, source: str, payloads: Sequence[tuple[int, bytes]], *, origin: Origin) -> int:
        """Queue readings and put them into the window, both or neither for each; returns how many.

        Raises Transient when Redis is out of memory: chunks before that are in, the rest is not.
        Sending a reading again is harmless, the pipeline acknowledges it as a repeat.
        """
        newest = self.newest_ms(source) or 0
        for start in range(0, len(payloads), _CHUNK):
            chunk = payloads[start : start + _CHUNK]
            newest = max(newest, *(ms for ms, _ in chunk))
            pipe = self._client.pipeline(transaction=True)
            for _, payload in chunk:
                pipe.xadd(READINGS, {"source": source, "payload": payload, "origin": origin})
            self._keep(pipe, source, chunk, simulated=origin == "simulated", newest_ms=newest)
            pipe.execute()
        return len(payloads)

    @redis_errors()
    def keep(self, source: str, readings: Sequence[tuple[int, bytes]], *, simulated: bool) -> None:
        """Put readings into the window alone, for producers that only queue; repeating it changes nothing."""
        if not readings:
            return
        newest = max(self.newest_ms(source) or 0, *(ms for ms, _ in readings))
        pipe = self._client.pipeline(transaction=True)
        self._keep(pipe, source, readings, simulated=simulated, newest_ms=newest)
        pipe.execute()

    @redis_errors()
    def remove(self, source: str, payloads: Iterable[bytes]) -> None:
        """Take payloads out of the window: refused ones, and repeats of a reading that is in."""
        members = list(payloads)
        if members:
            self._client.zrem(window_key(source), *members)

    @redis_errors()
    def read(
        self, source: str, from_ms: int, to_ms: int, limit: int = MOST_READINGS
    ) -> list[tuple[int, bytes]]:
        """Readings from `from_ms` to `to_ms`, both included, oldest first; the newest `limit` of them.

        What stands in the window may not have been validated yet.
        """
        rows = self._client.zrevrangebyscore(
            window_key(source), to_ms, from_ms, start=0, num=limit, withscores=True
        )
        return [(int(score), payload) for payload, score in reversed(rows)]

    @redis_errors()
    def newest_ms(self, source: str) -> int | None:
        """Time of the newest reading in the window, None when it is empty."""
        rows = self._client.zrevrange(window_key(source), 0, 0, withscores=True)
        return int(rows[0][1]) if rows else None

    @redis_errors()
    def oldest_ms(self, source: str) -> int | None:
        """Time of the oldest reading in the window, None when it is empty."""
        rows = self._client.zrange(window_key(source), 0, 0, withscores=True)
        return int(rows[0][1]) if rows else None

    @redis_errors()
    def count(self, source: str) -> int:
        """How many readings the window holds."""
        return int(self._client.zcard(window_key(source)))

    @redis_errors()
    def sources(self) -> list[str]:
        """Sources with a window, in alphabetical order."""
        return sorted(
            source_of_window(key) for key in self._client.scan_iter(match=window_key("*"), count=1000)
        )

    @redis_errors()
    def simulated(self, source: str, from_ms: int, to_ms: int) -> set[int]:
        """Times of the readings in the range that were simulated."""
        return {int(ms) for ms in self._client.zrangebyscore(simulated_key(source), from_ms, to_ms)}

    def _keep(
        self,
        pipe: Any,
        source: str,
        readings: Sequence[tuple[int, bytes]],
        *,
        simulated: bool,
        newest_ms: int,
    ) -> None:
        # A sender with a clock in the future must not cut everybody else's readings away.
        latest = epoch_ms(self._clock()) + _FUTURE_MS
        oldest = min(newest_ms, latest) - self._retention_ms
        inside = [(ms, payload) for ms, payload in readings if ms >= oldest]
        keys = [window_key(source)]
        if inside:
            pipe.zadd(window_key(source), {payload: ms for ms, payload in inside})
        if inside and simulated:
            pipe.zadd(simulated_key(source), {str(ms): ms for ms, _ in inside})
            keys.append(simulated_key(source))
        pipe.zremrangebyscore(window_key(source), "-inf", f"({oldest}")
        pipe.zremrangebyscore(simulated_key(source), "-inf", f"({oldest}")
        for key in keys:
            pipe.pexpire(key, self._retention_ms)


def utc_now() -> datetime:
    """The clock that is used where none is given."""
    return datetime.now(UTC)
