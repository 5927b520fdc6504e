"""Which process has found whom down: breaker states, for `status` and for the other replicas."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson

from anomalyctl.resilience.manner import once
from anomalyctl.stores.readings.keys import BREAKERS
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis

KEPT = timedelta(hours=1)
_MOST_AHEAD_MS = 30_000
"""Clocks of two hosts may differ by so much."""


@dataclass(frozen=True, slots=True)
class BreakerState:
    """One breaker of one process."""

    owner: str
    name: str
    """Of what is called: `ml detector`, `database`."""
    state: str
    """`open`, `half-open` or `closed`."""
    since_ms: int
    until_ms: int
    """Until then nothing is called; then one call is tried."""


class BreakerBoard:
    """Everybody writes their own and reads all."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    # Whoever tells has a call of its own under way.
    @once()
    @redis_errors()
    def write(self, state: BreakerState) -> None:
        """Tell a change."""
        self._client.hset(BREAKERS, f"{state.owner}/{state.name}", orjson.dumps(asdict(state)))
        self._client.pexpire(BREAKERS, int(KEPT.total_seconds() * 1000))

    @redis_errors()
    def read(self) -> list[BreakerState]:
        """All that was told within the last hour or so, by name and owner."""
        found = [BreakerState(**orjson.loads(data)) for data in self._client.hvals(BREAKERS)]
        return sorted(found, key=lambda state: (state.name, state.owner))

    def open_at(self, now_ms: int) -> list[BreakerState]:
        """Those that keep calls back now; what a process left behind when it died does not count.

        Nor what was told by a clock that is far ahead: it would keep calls back until that time comes.
        """
        return [
            state
            for state in self.read()
            if state.state == "open" and state.since_ms - _MOST_AHEAD_MS <= now_ms < state.until_ms
        ]
