"""Identities: physical laws between tags that a healthy set of sensors obeys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.window import Columns, Matrix, Vector, Window
from anomalyctl.telemetry.tags import Identity

_DOUBT: Final = 0.5
"""Errors, in tolerances, below which an unbroken law speaks for its tags."""
_LEAST: Final = 0.05
_RECENT: Final = 5
"""Readings whose mean is held against the window's median."""


@dataclass(frozen=True, slots=True)
class Check:
    """One law over a window, `[rows]` each."""

    law: Identity
    expected: Vector
    """What its tag should be."""
    error: Vector
    """How far off it is, in tolerances; NaN where a tag of the law is missing."""
    broken: NDArray[np.bool_]

    @property
    def tags(self) -> tuple[str, ...]:
        """The law's tag, then its operands."""
        return (self.law.tag, *self.law.operands)


class Laws:
    """The laws of a registry, for one window after another."""

    def __init__(self, laws: Sequence[Identity]) -> None:
        self._laws = laws
        self._columns = Columns([tag for law in laws for tag in (law.tag, *law.operands)])

    def check(self, window: Window) -> list[Check]:
        """Every law on every row; a row that lacks one of its tags breaks nothing."""
        if not self._laws:
            return []
        checks, values, first = [], self._columns.of(window), 0
        with np.errstate(divide="ignore", invalid="ignore"):
            for law in self._laws:
                stop = first + 1 + len(law.operands)
                checks.append(_check(law, values[:, first], values[:, first + 1 : stop]))
                first = stop
        return checks


def _check(law: Identity, actual: Vector, operands: Matrix) -> Check:
    expected = operands[:, 0] / operands[:, 1] if law.kind == "ratio" else operands.sum(axis=1)
    off, tolerated = np.abs(actual - expected), law.tolerance * np.abs(expected)
    finite = np.isfinite(off)
    return Check(law, expected, np.where(finite, off / tolerated, np.nan), (off > tolerated) & finite)


def suspicion(checks: Sequence[Check], row: int, window: Window) -> dict[str, float]:
    """Tags of the laws broken in row `row` of the checks, with how likely each is at fault (the likeliest 1).

    A law that is broken speaks against its tags, one that is nearly broken does so a little, one that is
    obeyed speaks for them. Where the laws cannot tell, the tag that has moved most within the window is
    suspected: `window` ends with the row.
    """
    suspects = {tag: 0.0 for check in checks if check.broken[row] for tag in check.tags}
    for tag in suspects:
        errors = [float(check.error[row]) for check in checks if tag in check.tags]
        suspects[tag] = max(_LEAST, sum(min(error, 2.0) - _DOUBT for error in errors if error == error))
    moved = _movement(window, tuple(suspects))
    weighed = {tag: weight * (1.0 + 0.1 * moved[tag]) for tag, weight in suspects.items()}
    largest = max(weighed.values(), default=1.0)
    return {tag: weight / largest for tag, weight in weighed.items()}


def _movement(window: Window, tags: tuple[str, ...]) -> dict[str, float]:
    """0 to 1 for each tag: its share of the largest recent movement, in its own spread over the window."""
    values = window.columns(tags)
    with np.errstate(invalid="ignore"):
        usual = np.nanmedian(values, axis=0)
        spread = np.nanmedian(np.abs(values - usual), axis=0) + 1e-12
        moved = np.abs(np.nanmean(values[-_RECENT:], axis=0) - usual) / spread
    largest = float(moved.max()) or 1.0
    return {tag: float(move) / largest for tag, move in zip(tags, moved, strict=True)}
