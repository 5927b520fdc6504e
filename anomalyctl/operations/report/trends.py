"""How the core tags moved: level, spread, slope, and when a slope would reach a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from anomalyctl.telemetry.tags import Tag

PARTS: Final = 24
_LEAST_VALUES: Final = 30
_HORIZON_DAYS: Final = 7.0
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class TagTrend:
    """One core tag over the span, in its own unit."""

    tag: str
    unit: str
    mean: float | None
    smallest: float | None
    largest: float | None
    slope_a_day: float | None
    """Theil-Sen slope over the means of the parts: no single spike moves it."""
    outside_limits: float
    """Share of the values past L or H, 0 to 1."""
    missing: float
    """Share of the readings without this tag, 0 to 1."""
    reaches: str
    """The limit that the slope would reach within a week; empty where none."""
    reaches_in_days: float | None
    parts: tuple[float | None, ...]
    """Means of equal parts of the span, oldest first; None where nothing was read."""


def tag_trend(
    tag: Tag, seconds: Sequence[float], values: Sequence[float | None], *, length_s: float
) -> TagTrend:
    """The trend of one tag from its values at `seconds` since the start of a span of `length_s` seconds."""
    times, held = np.asarray(seconds, dtype=float), np.array(values, dtype=float)
    here = np.isfinite(held)
    missing = 1.0 - float(here.mean()) if held.size else 1.0
    times, held = times[here], held[here]
    if not held.size:
        return TagTrend(tag.name, tag.unit, None, None, None, None, 0.0, missing, "", None, (None,) * PARTS)
    parts = _means(times, held, length_s)
    slope = _slope(parts, length_s) if held.size >= _LEAST_VALUES else None
    limit, days = _reached(tag, parts, slope)
    return TagTrend(
        tag=tag.name,
        unit=tag.unit,
        mean=float(held.mean()),
        smallest=float(held.min()),
        largest=float(held.max()),
        slope_a_day=slope,
        outside_limits=_outside(tag, held),
        missing=missing,
        reaches=limit,
        reaches_in_days=days,
        parts=tuple(None if np.isnan(part) else float(part) for part in parts),
    )


def _means(times: np.ndarray, values: np.ndarray, length_s: float) -> np.ndarray:
    index = np.clip((times / length_s * PARTS).astype(int), 0, PARTS - 1)
    count = np.bincount(index, minlength=PARTS)
    total = np.bincount(index, weights=values, minlength=PARTS)
    means = np.full(PARTS, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def _slope(parts: np.ndarray, length_s: float) -> float | None:
    """Units a day. The median of the slopes between all pairs of parts (Theil 1950, Sen 1968)."""
    at = np.flatnonzero(np.isfinite(parts))
    if at.size < PARTS // 2:
        return None
    first, second = np.triu_indices(at.size, 1)
    steps = (at[second] - at[first]) * (length_s / PARTS / _DAY_S)
    return float(np.median((parts[at[second]] - parts[at[first]]) / steps))


def _outside(tag: Tag, values: np.ndarray) -> float:
    outside = np.zeros(values.shape, dtype=bool)
    if tag.limits.low is not None:
        outside |= values < tag.limits.low
    if tag.limits.high is not None:
        outside |= values > tag.limits.high
    return float(outside.mean())


def _reached(tag: Tag, parts: np.ndarray, slope: float | None) -> tuple[str, float | None]:
    held = parts[np.isfinite(parts)]
    if not slope or not held.size:
        return "", None
    name, limit = ("H", tag.limits.high) if slope > 0 else ("L", tag.limits.low)
    if limit is None:
        return "", None
    days = (limit - float(held[-1])) / slope
    # A slope within the noise of the parts says nothing about next week.
    spread = float(np.std(np.diff(held))) if held.size > 2 else 0.0
    if not 0 < days <= _HORIZON_DAYS or abs(slope) < 2 * spread:
        return "", None
    return name, days
