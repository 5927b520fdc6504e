"""Which queue the readings of a source enter: one for all, or several that are drained side by side.

Queue 0 is `telemetry:readings`, where whoever knows nothing of this may queue anything. A source whose place
is another queue carries a barrier until all that it had waiting in the queue before is judged: so each source
keeps its order, and nothing is lost, when the number of queues changes while readings wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import Transient
from anomalyctl.resilience.manner import once
from anomalyctl.stores.readings.keys import DOORBELL, GROUP, PLACES, QUEUE_COUNT, queue_key
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis

MOST_QUEUES: Final = 32
_MOST_RINGS: Final = 1_000

# The HDEL of nothing comes first in each: a full Redis refuses what would grow it, unless it follows a write.
_MOVE = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], '')
local last = '0-0'
if redis.call('EXISTS', KEYS[2]) == 1 then
  local fields = redis.call('XINFO', 'STREAM', KEYS[2])
  for i = 1, #fields, 2 do if fields[i] == 'last-generated-id' then last = fields[i + 1] end end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. last)
return 1
"""
_SETTLE = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], '')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""
# Either both or neither, and once: an entry that somebody else has acknowledged meanwhile stays with them.
_FORWARD = """
if (redis.call('HGET', KEYS[3], ARGV[3]) or '') ~= ARGV[4] then return 0 end
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 5))
return 1
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source's readings are queued."""

    queue: int = 0
    before: int | None = None
    """The queue that it had before, while something may still wait there."""
    until: str = ""
    """The last entry of that queue which may be its; only after that, `queue` is judged."""

    @property
    def text(self) -> str:
        """As it stands in Redis; empty where nothing stands there."""
        if self.before is not None:
            return f"{self.queue} {self.before} {self.until}"
        return str(self.queue)


class Places:
    """Places by source, and the number of queues wanted; a change is one step, none if another was first."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._move = self._client.register_script(_MOVE)
        self._settle = self._client.register_script(_SETTLE)
        self._forward = self._client.register_script(_FORWARD)

    @redis_errors()
    def count(self) -> int:
        """How many queues sources are spread over."""
        return _count_of(self._client.get(QUEUE_COUNT))

    # Redis may be full, and only judging makes room: whoever wants it says it again at the next drain.
    @once()
    @redis_errors()
    def want(self, count: int) -> None:
        """Spread sources over so many queues from now on; each moves when its next reading is judged."""
        if self.count() != count:
            self._client.set(QUEUE_COUNT, count)

    @redis_errors()
    def of(self, sources: Iterable[str]) -> dict[str, Place]:
        """The place of each source; queue 0 where none is written down."""
        names = list(sources)
        return dict(zip(names, map(_place, self._client.hmget(PLACES, names)), strict=True)) if names else {}

    @redis_errors()
    def look(self, sources: Iterable[str]) -> tuple[dict[str, Place], int]:
        """`of` and `count` in one question."""
        names = list(sources)
        if not names:
            return {}, self.count()
        asked = self._client.pipeline(transaction=False).hmget(PLACES, names).get(QUEUE_COUNT)
        texts, count = asked.execute()
        return dict(zip(names, map(_place, texts), strict=True)), _count_of(count)

    @redis_errors()
    def queues(self) -> list[int]:
        """All queues in which something may wait, in order."""
        count, texts = self._client.pipeline(transaction=False).get(QUEUE_COUNT).hvals(PLACES).execute()
        places = map(_place, texts)
        used = {number for place in places for number in (place.queue, place.before) if number is not None}
        return sorted({*range(_count_of(count)), *used})

    @redis_errors()
    def enter(self, source: str, commands: Callable[[Any, str], Any]) -> list[Any]:
        """Have `commands` fill one MULTI with what enters the source's queue (its key); what each returned.

        It is done again where the source is moved at that very moment.
        """

        def fill(pipe: Any) -> None:
            place = _place(pipe.hget(PLACES, source))
            pipe.multi()
            commands(pipe, queue_key(place.queue))
            if place.queue:
                _ring(pipe, place.queue)

        return list(self._client.transaction(fill, PLACES))

    @redis_errors()
    def move(self, source: str, place: Place, queue: int) -> bool:
        """Queue the source's readings elsewhere from now on; False when somebody else did something first.

        What waits in its queue up to now is judged there.
        """
        before = self._text(source, place)
        return bool(
            self._move(
                keys=[PLACES, queue_key(place.queue)], args=[source, before, str(queue), str(place.queue)]
            )
        )

    @redis_errors()
    def settle(self, source: str, place: Place) -> bool:
        """Say that nothing of the source waits in the queue that it had before."""
        return bool(self._settle(keys=[PLACES], args=[source, place.text, str(place.queue)]))

    @redis_errors()
    def forward(
        self, queue: int, source: str, place: Place, entries: Sequence[tuple[str, dict[bytes, bytes]]]
    ) -> int:
        """Take entries (id, fields) of the group out of a queue and put them into the source's; how many.

        Those whose turn it is not any more, because the source was moved or they are done, stay as they are.
        """
        keys = [queue_key(queue), queue_key(place.queue), PLACES]
        expected = self._text(source, place)
        done = 0
        for entry_id, fields in entries:
            parts = [part for pair in fields.items() for part in pair]
            done += int(self._forward(keys=keys, args=[GROUP, entry_id, source, expected, *parts]))
        if done and place.queue:
            # A full Redis takes no rings; the next sweep finds them all the same.
            with suppress(Transient), once(), redis_errors():
                _ring(self._client, place.queue)
        return done

    def _text(self, source: str, place: Place) -> str:
        # Of queue 0 nothing need be written down, and mostly is not.
        if place == Place() and not self._client.hexists(PLACES, source):
            return ""
        return place.text


def home_of(source: str, count: int) -> int:
    """The queue that a source belongs in, of `count`; another count moves as few sources as can be.

    Rendezvous hashing: the queue whose number and the source give the greatest SHA-256.
    """
    return max(range(count), key=lambda queue: hashlib.sha256(f"{queue}:{source}".encode()).digest())


def _ring(client: Any, queue: int) -> None:
    client.xadd(DOORBELL, {"queue": queue}, maxlen=_MOST_RINGS, approximate=True)


def _count_of(value: bytes | None) -> int:
    return min(MOST_QUEUES, max(1, int(value))) if value is not None and value.isdigit() else 1


def _place(text: bytes | None) -> Place:
    if not text:
        return Place()
    queue, _, moved = text.decode().partition(" ")
    before, _, until = moved.partition(" ")
    return Place(int(queue), int(before), until) if before else Place(int(queue))
