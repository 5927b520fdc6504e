"""When the rows of a recording were measured, and in which order they are judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.times import epoch_ms, parse_time

Times = NDArray[np.int64]

_FEW: Final = 0.01
"""Share of rows that may repeat a time or go back: more of them, and the times do not tell rows apart."""
_UNITS: Final = ((1e17, 1e-6), (1e14, 1e-3), (1e11, 1.0))
"""So large a number counts nano-, micro- or milliseconds: as seconds it lies after the year 5000."""
_LATEST_MS: Final = 253_402_300_799_999


def times_of(cells: Sequence[object], *, told: bool, name: str) -> tuple[Times, NDArray[np.intp] | None]:
    """Epoch ms, increasing, and the order in which the rows are to be read; None where it is the file's.

    Where each time is there once, rows are put into the order of time. Where times repeat, the file's order
    is kept: a row that is not later than the one before counts as a millisecond later, and where many are so
    (a coarse clock, several runs in one file) all rows as evenly apart. Without a readable time rows are a
    second apart; `told`: where a column was named, that is refused.
    """
    found = [_milliseconds(cell) for cell in cells]
    if None in found:
        if told:
            line = found.index(None)
            raise InvalidInput(
                f"{name}, row {line + 1}: {str(cells[line])[:40]!r} is no time.",
                field="time",
                hint="Write ISO 8601 or seconds, or leave out --time: rows then count as a second apart.",
            )
        return 1_000 * np.arange(len(found), dtype=np.int64), None
    times = np.array(found, dtype=np.int64)
    steps = np.diff(times)
    if (steps > 0).all():
        return times, None
    if len(np.unique(times)) == len(times):
        order = np.argsort(times, kind="stable")
        return times[order], order
    if (steps <= 0).mean() > _FEW:
        return times[0] + _even_step_ms(steps) * np.arange(len(times), dtype=np.int64), None
    rows = np.arange(len(times), dtype=np.int64)
    return np.asarray(np.maximum.accumulate(times - rows) + rows), None


def _even_step_ms(steps: Times) -> int:
    """The mean step of a coarse clock; the usual one where a file holds several runs."""
    forward = steps[steps > 0]
    if not forward.size:
        return 1_000
    return max(1, round(float(steps.mean() if (steps >= 0).all() else np.median(forward))))


def _milliseconds(cell: object) -> int | None:
    try:
        if isinstance(cell, int | float):
            return _of_number(cell)
        text = str(cell)
        try:
            return epoch_ms(parse_time(text))
        except ValueError:
            return _of_number(float(text))
    except (ValueError, OverflowError):
        return None


def _of_number(number: float) -> int | None:
    factor = next((factor for least, factor in _UNITS if abs(number) >= least), 1e3)
    milliseconds = round(number * factor)
    return milliseconds if abs(milliseconds) <= _LATEST_MS else None
