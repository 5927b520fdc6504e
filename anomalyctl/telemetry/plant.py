"""What a plant measures, drawn in blocks of absolute time, so that a row depends on its own time alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.telemetry.process import DRIVERS, Behaviour, behaviour_of, computing_order
from anomalyctl.telemetry.resolution import Resolution
from anomalyctl.telemetry.tags import TagRegistry

Floats = NDArray[np.float64]
Milliseconds = NDArray[np.int64]

_BLOCK: Final = 512
"""Rows that are drawn at once; a row's block depends on its time alone."""
_WARM_UP: Final = 64
"""Earlier rows that a driver remembers, and the longest lag: 0.6 ** 64 is nothing."""
_LIGHT_TAILS: Final = 4.0
"""No draw of the noise is larger, in standard deviations."""
_DAY_MS: Final = 86_400_000
_COLDEST_MS: Final = 5 * 3_600_000
"""Time of day, UTC, at which the daily cycle is at its lowest."""
_STRETCH_MS: Final = 1_800_000
"""An intermittent tag stays, or stays away, for stretches of half an hour."""


class Plant:
    """One plant as one seed makes it: the arrays that a run needs, and the last blocks that it drew."""

    def __init__(self, registry: TagRegistry, seed: int, source: str, interval_ms: int) -> None:
        self.tags = tuple(registry.tags)
        self._interval_ms = interval_ms
        self._entropy = (seed, int.from_bytes(hashlib.sha256(source.encode()).digest()[:8], "big"))
        behaviours = [behaviour_of(registry)[tag] for tag in self.tags]
        self._typical = np.array([b.typical for b in behaviours])
        self._noise = np.array([b.noise for b in behaviours])
        self._resolution = Resolution([b.resolution for b in behaviours])
        self._cycle = np.array([b.cycle for b in behaviours])
        self._presence = np.array([b.presence for b in behaviours])
        self._held_ms = np.array([round(tag.cadence_s * 1000) for tag in registry.tags.values()])
        self._fast = np.flatnonzero(self._held_ms <= 6 * interval_ms)
        self._coming_and_going = np.flatnonzero(self._presence < 1)
        self._mixing, self._memory = _mixing([behaviours[i] for i in self._fast], interval_ms)
        column = {tag: i for i, tag in enumerate(self.tags)}
        self._laws = [
            (column[law.tag], law.kind, [column[operand] for operand in law.operands])
            for law in computing_order(registry)
        ]
        self._white = lru_cache(maxsize=4)(self._draw_white)
        self._block = lru_cache(maxsize=4)(self._make_block)
        self._held_draw = lru_cache(maxsize=4096)(self._draw_held)

    def rows(self, first: int, count: int) -> Floats:
        """Rows `first` … `first + count - 1`, counted in intervals since 1970."""
        if not count:
            return np.empty((0, len(self.tags)))
        parts = []
        for index in range(first // _BLOCK, (first + count - 1) // _BLOCK + 1):
            start = max(first - index * _BLOCK, 0)
            stop = min(first + count - index * _BLOCK, _BLOCK)
            parts.append(self._block(index)[start:stop])
        return np.concatenate(parts)

    def _make_block(self, index: int) -> Floats:
        times = (index * _BLOCK + np.arange(_BLOCK, dtype=np.int64)) * self._interval_ms
        deviations = np.zeros((_BLOCK, len(self.tags)))
        deviations[:, self._fast] = self._fast_noise(index)
        cycle_times = np.repeat(times[:, None], len(self.tags), axis=1)
        for column in np.setdiff1d(np.arange(len(self.tags)), self._fast):
            held = times // self._held_ms[column]
            first = int(held[0])
            drawn = [
                self._held_draw(int(self._held_ms[column]), h)[column]
                for h in range(first, int(held[-1]) + 1)
            ]
            deviations[:, column] = np.array(drawn)[held - first]
            cycle_times[:, column] = held * self._held_ms[column]
        angle = 2 * np.pi * ((cycle_times - _COLDEST_MS) % _DAY_MS) / _DAY_MS
        deviations -= self._cycle * np.cos(angle)
        values = self._resolution.round(self._typical + self._noise * deviations)
        self._apply_laws(values)
        for column in self._coming_and_going:
            values[~self._present(times, int(column)), column] = np.nan
        return values

    def _fast_noise(self, index: int) -> Floats:
        """Unit-variance noise float64[_BLOCK, fast tags] with the drivers' correlations and lags."""
        earlier, now = self._white(index - 1), self._white(index)
        series = np.concatenate((earlier[-2 * _WARM_UP :], now))
        factor, shift = self._memory.copy(), 1
        scale = np.sqrt(1 - self._memory**2)
        while shift < _WARM_UP:
            series[shift:] = series[shift:] + factor * series[:-shift]
            factor, shift = factor**2, 2 * shift
        series *= scale
        drivers, own = series[:, : len(DRIVERS)], series[2 * _WARM_UP :, len(DRIVERS) :]
        noise = own * self._mixing.own
        for lag, columns, weights in self._mixing.by_lag:
            shifted = drivers[2 * _WARM_UP - lag : len(drivers) - lag]
            # Not a matrix product: its sums may depend on the machine's BLAS.
            for driver in range(weights.shape[0]):
                noise[:, columns] += shifted[:, driver, None] * weights[driver]
        return noise

    def _draw_white(self, index: int) -> Floats:
        size = (_BLOCK, len(DRIVERS) + len(self._fast))
        return self._draw(1, index).standard_normal(size).clip(-_LIGHT_TAILS, _LIGHT_TAILS)

    def _draw_held(self, held_ms: int, index: int) -> Floats:
        drawn = self._draw(2, held_ms, index).standard_normal(len(self.tags))
        return drawn.clip(-_LIGHT_TAILS, _LIGHT_TAILS)

    def _present(self, times: Milliseconds, column: int) -> NDArray[np.bool_]:
        # Each tag's stretches begin at minutes of its own.
        stretches = (times + column * 97_000) // _STRETCH_MS
        known = {s: self._draw(3, column, s).random() for s in np.unique(stretches).tolist()}
        drawn = np.array([known[stretch] for stretch in stretches.tolist()])
        return np.asarray(drawn < self._presence[column], dtype=np.bool_)

    def _draw(self, purpose: int, *key: int) -> np.random.Generator:
        return np.random.default_rng([*self._entropy, purpose, *(part % 2**63 for part in key)])

    def _apply_laws(self, values: Floats) -> None:
        for column, kind, operands in self._laws:
            if kind == "sum":
                result = values[:, operands].sum(axis=1)
            else:
                divisor = values[:, operands[1]]
                result = np.divide(
                    values[:, operands[0]], divisor, out=np.full(len(values), np.nan), where=divisor != 0
                )
            values[:, column] = self._resolution.round(result, column)


@dataclass(frozen=True)
class _Mixing:
    own: Floats
    by_lag: list[tuple[int, NDArray[np.intp], Floats]]


def _mixing(behaviours: list[Behaviour], interval_ms: int) -> tuple[_Mixing, Floats]:
    """Weights of the drivers (by lag in rows) and of the tags' own noise, and the memory of each series."""
    names = list(DRIVERS)
    weights = np.array([[b.drivers.get(name, 0.0) for b in behaviours] for name in names])
    weights = weights.reshape(len(names), len(behaviours))
    own = np.sqrt(np.maximum(1 - (weights**2).sum(axis=0), 0))
    lags = np.array([min(round(b.lag_s * 1000 / interval_ms), _WARM_UP) for b in behaviours], dtype=np.int64)
    by_lag = [(int(lag), np.flatnonzero(lags == lag), weights[:, lags == lag]) for lag in np.unique(lags)]
    memory = np.array([*DRIVERS.values(), *(b.memory for b in behaviours)])
    return _Mixing(own, by_lag), memory
