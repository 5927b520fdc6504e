"""The 24 h window of each source: readings by their own time, beside the queue that they also enter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from anomalyctl.stores.readings.keys import (
    alarmed_key,
    incomplete_key,
    simulated_key,
    source_of_window,
    window_key,
)
from anomalyctl.stores.readings.places import Places
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis

Origin = Literal["live", "simulated", "recorded"]
RETENTION = timedelta(hours=24)
MOST_READINGS = 8_640
# Small enough that the server serves others in between, large enough that a day takes 44 round trips.
_CHUNK = 200

# ARGV: oldest time, life in ms, then for each key the number of its members, and score and member in turn.
# Cutting comes first: it is allowed when memory is full, and what a script does after it is, too.
_KEEP = """
local at = 3
for _, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. ARGV[1])
  local last = at + 2 * tonumber(ARGV[at])
  for i = at + 1, last, 2 do redis.call('ZADD', key, ARGV[i], ARGV[i + 1]) end
  redis.call('PEXPIRE', key, ARGV[2])
  at = last + 1
end
return 1
"""


class ReadingWindows:
    """The windows of all sources. Times are epoch ms; payloads are the readings' JSON as it came."""

    def __init__(self, client: redis.Redis, *, retention: timedelta = RETENTION) -> None:
        self._client: Any = client
        self._places = Places(client)
        self._keep = self._client.register_script(_KEEP)
        self.retention_ms = int(retention.total_seconds() * 1000)

    @redis_errors()
    def append(self, source: str, payloads: Sequence[tuple[int, bytes]], *, origin: Origin) -> int:
        """Queue readings and put them into the window, both or neither for each; returns how many.

        The window is cut when the pipeline accepts readings (`keep`), so that a backfill of many days
        still has its windows when its turn comes. Raises Transient when Redis is out of memory: chunks
        before that are in, the rest is not. Sending a reading again is harmless, it counts as a repeat.
        """
        for start in range(0, len(payloads), _CHUNK):
            chunk = payloads[start : start + _CHUNK]
            self._places.enter(source, partial(self._fill, source, chunk, origin))
        return len(payloads)

    def _fill(
        self, source: str, chunk: Sequence[tuple[int, bytes]], origin: Origin, pipe: Any, queue: str
    ) -> None:
        for _, payload in chunk:
            pipe.xadd(queue, {"source": source, "payload": payload, "origin": origin})
        pipe.zadd(window_key(source), {payload: ms for ms, payload in chunk})
        pipe.pexpire(window_key(source), self.retention_ms)
        if origin == "simulated":
            pipe.zadd(simulated_key(source), {str(ms): ms for ms, _ in chunk})
            pipe.pexpire(simulated_key(source), self.retention_ms)

    @redis_errors()
    def keep(
        self,
        source: str,
        readings: Sequence[tuple[int, bytes]],
        *,
        newest_ms: int,
        simulated: Collection[int] = (),
        alarmed: Collection[int] = (),
        incomplete: Collection[int] = (),
    ) -> None:
        """Settle accepted readings in the window, and cut it at 24 h before `newest_ms`, the newest accepted.

        `simulated` and `alarmed` are times of theirs that fitting has to know, `incomplete` of those that a
        tier has still to judge. Serves producers that only
        queue; repeating it changes nothing.
        """
        oldest = newest_ms - self.retention_ms
        members: tuple[list[tuple[int, bytes]], ...] = (
            [(ms, payload) for ms, payload in readings if ms >= oldest],
            [(ms, b"%d" % ms) for ms in simulated if ms >= oldest],
            [(ms, b"%d" % ms) for ms in alarmed if ms >= oldest],
            [(ms, b"%d" % ms) for ms in incomplete if ms >= oldest],
        )
        arguments: list[int | bytes] = [oldest, self.retention_ms]
        for scored in members:
            arguments.append(len(scored))
            arguments += [part for each in scored for part in each]
        self._keep(
            keys=[window_key(source), simulated_key(source), alarmed_key(source), incomplete_key(source)],
            args=arguments,
        )

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
    def read_on(self, source: str, from_ms: int, limit: int) -> list[tuple[int, bytes]]:
        """The first `limit` readings at or after `from_ms`, oldest first."""
        rows = self._client.zrangebyscore(
            window_key(source), from_ms, "+inf", start=0, num=limit, withscores=True
        )
        return [(int(score), payload) for payload, score in rows]

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
    def count(self, source: str, from_ms: int | None = None, to_ms: int | None = None) -> int:
        """How many readings the window holds between two times, both included."""
        return int(self._client.zcount(window_key(source), *_bounds(from_ms, to_ms)))

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

    @redis_errors()
    def alarmed(self, source: str, from_ms: int, to_ms: int) -> set[int]:
        """Times of the readings in the range whose verdict was `anomaly`."""
        return {int(ms) for ms in self._client.zrangebyscore(alarmed_key(source), from_ms, to_ms)}

    @redis_errors()
    def incomplete(self, source: str, limit: int) -> list[int]:
        """Times of the oldest readings that were judged while a tier was down."""
        return [int(ms) for ms in self._client.zrange(incomplete_key(source), 0, limit - 1)]

    @redis_errors()
    def completed(self, source: str, times: Collection[int]) -> None:
        """Say that these have been judged by every tier, or never will be."""
        if times:
            self._client.zrem(incomplete_key(source), *times)

    @redis_errors()
    def incomplete_sources(self) -> list[str]:
        """Sources with incomplete verdicts, in alphabetical order."""
        prefix = incomplete_key("")
        keys = self._client.scan_iter(match=f"{prefix}*", count=1000)
        return sorted(key.decode().removeprefix(prefix) for key in keys)


def _bounds(from_ms: int | None, to_ms: int | None) -> tuple[int | str, int | str]:
    return ("-inf" if from_ms is None else from_ms), ("+inf" if to_ms is None else to_ms)
