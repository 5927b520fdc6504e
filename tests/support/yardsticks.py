"""What a figure of ours is held against, measured in the same run, and how a benchmark says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def timed(work: Callable[[int], object], rounds: int, first: int = 0) -> list[float]:
    """Microseconds of each call with `first`, `first` + 1, …"""
    taken = []
    for at in range(first, first + rounds):
        begin = time.perf_counter()
        work(at)
        taken.append((time.perf_counter() - begin) * 1e6)
    return taken


def held(aim: str, met: bool) -> str:
    """The aim, and whether this run's figure is within it."""
    return f"aim {aim}: {'held' if met else 'NOT HELD'}"


@dataclass
class Yardsticks:
    """One row of 100 tags to scikit-learn's isolation forest (100 trees), and to a z-score in numpy."""

    rows: Floats
    forest_us: list[float] = field(default_factory=list)
    z_score_us: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        from sklearn.ensemble import IsolationForest

        self._centre, self._spread = self.rows.mean(axis=0), self.rows.std(axis=0) + 1e-9
        self._forest = IsolationForest(n_estimators=100, random_state=0).fit(self.rows)

    def measure(self, rounds: int) -> None:
        """Some more rounds: between those of the part that is measured, a neighbour's load falls on all."""
        rows = self.rows
        self.forest_us += timed(lambda at: self._forest.score_samples(rows[at : at + 1]), rounds)
        self.z_score_us += timed(
            lambda at: np.abs((rows[at] - self._centre) / self._spread).max(), 10 * rounds
        )

    def against(self, microseconds: float) -> str:
        """A time as multiples of both medians."""
        forest, z_score = float(np.median(self.forest_us)), float(np.median(self.z_score_us))
        return (
            f"{microseconds / forest:.3g} x one row of an isolation forest ({forest:,.0f} us), "
            f"{microseconds / z_score:,.0f} x a z-score in numpy ({z_score:.1f} us)"
        )
