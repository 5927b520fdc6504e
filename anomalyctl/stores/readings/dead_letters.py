"""The newest dead letters at a glance; Cosmos DB has all of them, whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from anomalyctl.resilience.manner import once
from anomalyctl.stores.readings.keys import DEAD_LETTERS
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis

MOST_LETTERS = 1_000
MOST_PAYLOAD_CHARACTERS = 8_192


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused entry of the queue. It holds no clock of ours, so writing it twice changes nothing."""

    id: str
    """The entry's id in the queue."""
    source: str
    origin: str
    reason: str
    field: str
    arrived_ms: int
    payload: str
    """As it came, cut to its first 8,192 characters."""


class DeadLetters:
    """Sorted set of letters by the time they arrived."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    # Cosmos DB has them: in a full Redis nothing must wait for this.
    @once()
    @redis_errors()
    def add(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters, dropping the oldest beyond a thousand."""
        if not letters:
            return
        pipe = self._client.pipeline(transaction=True)
        pipe.zadd(DEAD_LETTERS, {orjson.dumps(asdict(letter)): letter.arrived_ms for letter in letters})
        pipe.zremrangebyrank(DEAD_LETTERS, 0, -MOST_LETTERS - 1)
        pipe.execute()

    @redis_errors()
    def remove(self, letter_id: str) -> None:
        """Forget one that was judged or purged."""
        arrived_ms = int(letter_id.partition("-")[0])
        rows = self._client.zrangebyscore(DEAD_LETTERS, arrived_ms, arrived_ms)
        gone = [row for row in rows if orjson.loads(row)["id"] == letter_id]
        if gone:
            self._client.zrem(DEAD_LETTERS, *gone)

    @redis_errors()
    def newest(self, limit: int = 100) -> list[DeadLetter]:
        """The newest letters first."""
        return [DeadLetter(**orjson.loads(row)) for row in self._client.zrevrange(DEAD_LETTERS, 0, limit - 1)]

    @redis_errors()
    def count(self) -> int:
        """How many letters are kept."""
        return int(self._client.zcard(DEAD_LETTERS))


def payload_text(payload: bytes) -> str:
    """A payload as a letter keeps it: text, with what is no UTF-8 replaced, cut to a bearable length."""
    return payload[: 4 * MOST_PAYLOAD_CHARACTERS].decode("utf-8", "replace")[:MOST_PAYLOAD_CHARACTERS]
