"""What stays the same from reading to reading, worked out once per registry, model and set of tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from anomalyctl.detection.habits import Habits
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import Matrix, Vector
from anomalyctl.telemetry.tags import AlarmLimits, TagRegistry

RATE_MARGIN: Final = 2.0
"""Times the 99.9 % point of the history: that itself is passed every thousandth reading, by each tag."""
STILL_FACTOR: Final = 3.0
"""Usual change intervals, and longest pauses so far, after which a value counts as stuck."""
SLOW_STILL_FACTOR: Final = 4.0
"""The same for slow tags, whose value may well repeat once or twice."""
STILL_ROWS: Final = 20
"""Readings that a value must have been still, however quickly it usually changes."""
RAREST_STILLNESS: Final = 1e-8
"""Chance, per reading, of a stillness that still counts as chance."""
ABSENT_ROWS: Final = 10
"""Readings that a tag must be away before its absence says something."""
LONG_ENOUGH_S: Final = 6 * 3600.0
"""Observed this long without a gap, a tag that the registry does not know counts as always sent."""
_MOST_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Standing:
    """Limits of tier 1 in the order of `names`; NaN where there is none."""

    names: tuple[str, ...]
    limits: Matrix
    """`[4, names]`: HH, LL, H, L."""
    dead_band: Vector
    on_ms: Vector
    off_ms: Vector
    rate: Vector
    """Largest usual difference over `RATE_ROWS` readings."""
    still_ms: Vector
    absent_ms: Vector


def standing_of(registry: TagRegistry, model: SourceModel | None, names: tuple[str, ...]) -> Standing:
    """Worked out, or found again for the same registry and model (the very objects) and names."""
    key = (id(registry), id(model), names)
    found = _kept.get(key)
    if found is None:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        # Holding the two keeps their ids from being given to others.
        found = _kept[key] = (registry, model, _work_out(registry, model, names))
    return found[2]


_kept: dict[tuple[int, int, tuple[str, ...]], tuple[TagRegistry, SourceModel | None, Standing]] = {}


def _work_out(registry: TagRegistry, model: SourceModel | None, names: tuple[str, ...]) -> Standing:
    tags = [registry.tag(name) for name in names]
    rate, still_ms, absent_ms = (np.full(len(names), np.nan) for _ in range(3))
    if model is not None:
        at = {name: column for column, name in enumerate(names)}
        columns = [at[name] for name in model.habits.tags]
        fast = model.habits.is_fast(model.cadence_s) & (model.habits.rate > 0)
        rate[columns] = np.where(fast, RATE_MARGIN * model.habits.rate, np.nan)
        still_ms[columns], absent_ms[columns] = _silences(registry, model)
    return Standing(
        names=names,
        limits=np.array([_in_order(tag.limits) for tag in tags]).reshape(-1, 4).T,
        dead_band=np.array([tag.dead_band for tag in tags]),
        on_ms=1000.0 * np.array([tag.on_delay_s for tag in tags]),
        off_ms=1000.0 * np.array([tag.off_delay_s for tag in tags]),
        rate=rate,
        still_ms=still_ms,
        absent_ms=absent_ms,
    )


def _silences(registry: TagRegistry, model: SourceModel) -> tuple[Vector, Vector]:
    """After how long each tag of the model is stuck, and after how long its absence is silence; in ms."""
    habits, cadence_s = model.habits, model.cadence_s
    tags = [registry.tag(name) for name in habits.tags]
    known = np.array([name in registry.tags for name in habits.tags])
    steady = np.array([not tag.intermittent for tag in tags])
    usual_s = np.fmax(habits.change_interval_s, np.array([tag.cadence_s for tag in tags]))
    observed_s = float(habits.observed_s[0])
    factor = np.where(habits.is_fast(cadence_s), STILL_FACTOR, SLOW_STILL_FACTOR)
    still_s = np.fmax(factor * usual_s, STILL_FACTOR * habits.longest_still_s)
    judged = (habits.changes >= 2) | (known & (usual_s > observed_s / 3))
    still_ms = 1000.0 * np.fmax(still_s, np.maximum(STILL_ROWS, _chance_rows(habits, cadence_s)) * cadence_s)
    always = (habits.presence > 0.999) & (known | (observed_s >= LONG_ENOUGH_S)) & steady
    absent_ms = 1000.0 * np.fmax(ABSENT_ROWS * cadence_s, STILL_FACTOR * habits.longest_absence_s)
    return np.where(judged, still_ms, np.nan), np.where(always, absent_ms, np.nan)


def _chance_rows(habits: Habits, cadence_s: float) -> Vector:
    """Readings that a fast tag stays still by chance once in 10⁸: coarse sensors repeat themselves."""
    steps = np.maximum(1.0, habits.presence * float(habits.observed_s[0]) / cadence_s)
    repeats = np.clip(1.0 - habits.changes / steps, 1e-3, 0.99)
    rows = np.log(RAREST_STILLNESS) / np.log(repeats)
    return np.where(habits.is_fast(cadence_s), rows, 0.0)


def _in_order(limits: AlarmLimits) -> list[float]:
    return [
        np.nan if limit is None else limit
        for limit in (limits.high_high, limits.low_low, limits.high, limits.low)
    ]
