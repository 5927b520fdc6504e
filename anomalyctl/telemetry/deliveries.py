"""Payloads in the order in which they arrive: late readings later, malformed ones malformed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

import orjson

from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time, from_epoch_ms

NOT_A_NUMBER: Final = "###"
"""What a malformed value says: the text that a spreadsheet shows for a number that does not fit."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One payload, due at an instant that is not before its reading's own time."""

    due_ms: int
    time_ms: int
    payload: bytes


class Deliveries:
    """Turns consecutive parts of telemetry into payloads, keeping late ones back until they are due."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, bool, int, Delivery]] = []

    def add(self, telemetry: Telemetry) -> None:
        """Encode the rows and queue them at the instants at which they arrive."""
        rows = zip(telemetry.times_ms.tolist(), telemetry.values.tolist(), strict=True)
        for time_ms, row in rows:
            delay_ms = telemetry.delays_ms.get(time_ms, 0)
            due_ms = time_ms + delay_ms
            payload = _encode(time_ms, telemetry.tags, row, telemetry.malformed.get(time_ms))
            # Of those due together, the one that is on time comes first: it has overtaken the others.
            heappush(self._waiting, (due_ms, delay_ms > 0, time_ms, Delivery(due_ms, time_ms, payload)))

    def due(self, until_ms: int) -> Iterator[Delivery]:
        """Those due at `until_ms` or before, in order of arrival; each is given once."""
        while self._waiting and self._waiting[0][0] <= until_ms:
            yield heappop(self._waiting)[-1]

    def rest(self) -> Iterator[Delivery]:
        """All that are still waiting, in order of arrival."""
        while self._waiting:
            yield heappop(self._waiting)[-1]


def _encode(time_ms: int, tags: tuple[str, ...], row: list[float], malformed: str | None) -> bytes:
    values: dict[str, object] = {"timestamp": format_time(from_epoch_ms(time_ms))}
    values |= {tag: value for tag, value in zip(tags, row, strict=True) if value == value}
    if malformed is None:
        return orjson.dumps(values)
    if malformed == "*":
        whole = orjson.dumps(values)
        return whole[: len(whole) // 2]
    return orjson.dumps(values | {malformed: NOT_A_NUMBER})
