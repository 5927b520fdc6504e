"""A plant's telemetry, made up: seeded, quick, and the same whether it is asked for whole or in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.plant import Floats, Milliseconds, Plant
from anomalyctl.telemetry.readings import DEFAULT_SOURCE, Reading
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import epoch_ms, from_epoch_ms
from anomalyctl.telemetry.validation import check_source


@dataclass(frozen=True)
class Telemetry:
    """Rows of one source, oldest first, and what faults do to their delivery.

    times_ms: int64[n]; values: float64[n, k], in the order of `tags`, NaN for what is missing.
    """

    source: str
    times_ms: Milliseconds
    tags: tuple[str, ...]
    values: Floats
    delays_ms: Mapping[int, int] = field(default_factory=dict)
    """How long after its own time a late reading is delivered, by its time."""
    malformed: Mapping[int, str] = field(default_factory=dict)
    """The tag (or `*`: the whole payload) that is not what it should be, by the reading's time."""

    def __len__(self) -> int:
        return len(self.times_ms)

    def readings(self) -> Iterator[Reading]:
        """Each row that is not malformed, in the order of time, without the tags that are missing in it."""
        for milliseconds, row in zip(self.times_ms.tolist(), self.values.tolist(), strict=True):
            if milliseconds not in self.malformed:
                present = {tag: value for tag, value in zip(self.tags, row, strict=True) if value == value}
                yield Reading(self.source, from_epoch_ms(milliseconds), present)


def simulate(
    registry: TagRegistry,
    *,
    seed: int,
    start: datetime,
    count: int,
    interval_s: float = 10.0,
    source: str = DEFAULT_SOURCE,
) -> Telemetry:
    """`count` rows of the registry's plant from `start` on, one each `interval_s` (whole milliseconds).

    A value is its tag's typical level, a daily cycle of absolute time and stationary noise of light tails:
    common drivers with a lag, and the tag's own part, each a first-order autoregression
    x[t] = a x[t-1] + e[t] cut after 64 rows. Tags that an identity defines follow from rounded operands.

    `seed` and `source` choose the noise and nothing else, and a row depends on its own time alone: rows are
    the same however a run is cut, and a run that starts where another ended goes on from it.
    Raises InvalidInput for a count, interval, seed or source that makes no sense.
    """
    interval_ms = _check(seed, count, interval_s, source)
    first_ms = epoch_ms(start)
    times = first_ms + interval_ms * np.arange(count, dtype=np.int64)
    plant = _plant(_Key(registry), seed, source, interval_ms)
    values = plant.rows(first_ms // interval_ms, count)
    return Telemetry(source, times, plant.tags, values)


def _check(seed: int, count: int, interval_s: float, source: str) -> int:
    check_source(source)
    interval_ms = round(interval_s * 1000)
    if interval_ms < 1 or abs(interval_ms - interval_s * 1000) > 1e-6:
        raise InvalidInput(
            f"rate: {interval_s} s is not a whole number of milliseconds",
            field="rate",
            hint="Try 10s or 500ms.",
        )
    if count < 0:
        raise InvalidInput(f"count: {count} is negative", field="count", hint="Ask for 1 reading or more.")
    if not 0 <= seed < 2**63:
        raise InvalidInput(f"seed: {seed} is out of range", field="seed", hint="Use 0 to 2^63 - 1.")
    return interval_ms


class _Key:
    """A registry by identity: registries hold mappings and have no hash of their own."""

    def __init__(self, registry: TagRegistry) -> None:
        self.registry = registry

    def __hash__(self) -> int:
        return id(self.registry)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.registry is self.registry


@lru_cache(maxsize=8)
def _plant(key: _Key, seed: int, source: str, interval_ms: int) -> Plant:
    return Plant(key.registry, seed, source, interval_ms)
