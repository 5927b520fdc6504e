"""What each tier remembers of a source between calls, written only by the holder of the lease."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import orjson

from anomalyctl.errors import InvalidInput, LostRace
from anomalyctl.stores.leases import Lease, lease_token_key
from anomalyctl.stores.readings.keys import memory_key
from anomalyctl.stores.redis_errors import redis_errors
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier

if TYPE_CHECKING:
    import redis

MOST_BYTES = 64 * 1024

# KEYS: memory, token counter. ARGV: token, then field and value in turn. The first write, of nothing, is one
# that a full Redis allows, and so are those after it: judging goes on, which alone makes room.
_WRITE = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], '')
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
"""


class Memories:
    """Memories by source and tier."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._write = self._client.register_script(_WRITE)

    @redis_errors()
    def load(self, source: str) -> dict[Tier, Memory]:
        """The memory of each tier that has one."""
        fields = self._client.hgetall(memory_key(source))
        return {tier: orjson.loads(fields[tier.encode()]) for tier in TIERS if tier.encode() in fields}

    @redis_errors()
    def save(self, source: str, memories: Mapping[Tier, Memory], *, lease: Lease) -> None:
        """Replace the memory of the tiers given; the others keep theirs.

        Raises InvalidInput (a memory over 64 kB; nothing is written) and LostRace (another
        drainer has taken the lease since; nothing is written).
        """
        if not memories:
            return
        arguments: list[str | bytes] = [str(lease.token)]
        for tier, memory in memories.items():
            data = orjson.dumps(memory, option=orjson.OPT_SERIALIZE_NUMPY)
            if len(data) > MOST_BYTES:
                raise InvalidInput(
                    f"The {tier} tier's memory of {source} has {len(data)} bytes; {MOST_BYTES} are allowed.",
                    field=tier,
                )
            arguments += [tier, data]
        if not self._write(keys=[memory_key(source), lease_token_key(lease.name)], args=arguments):
            raise LostRace(
                f"Another drainer took over {lease.name} before this one had written its memory.",
                hint="nothing is lost: the new holder judges what was not acknowledged",
            )

    @redis_errors()
    def forget(self, source: str) -> None:
        """Drop all memory of a source."""
        self._client.delete(memory_key(source))


def as_of(memories: Mapping[Tier, Memory]) -> int | None:
    """Time (epoch ms) of the newest reading that any tier has judged in order; None before the first."""
    times = [cast("int", memory["as_of"]) for memory in memories.values() if memory.get("as_of") is not None]
    return int(max(times)) if times else None
