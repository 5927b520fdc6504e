"""A row of values as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"
_MISSING: Final = "·"


def bars(points: Sequence[float | None]) -> str:
    """One bar a point, between the smallest and the largest; `·` where there is none."""
    held = [point for point in points if point is not None]
    low, height = min(held, default=0.0), (max(held, default=0.0) - min(held, default=0.0)) or 1.0
    return "".join(
        _MISSING if point is None else _BARS[min(7, int(8 * (point - low) / height))] for point in points
    )
