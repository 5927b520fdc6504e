"""Holding an alarm for a few readings after its cause is gone, so that it does not toggle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.window import Vector

HELD_ROWS: Final = 15
"""Readings that an alarm stays after the last one that passed the limit."""


class Holding:
    """Per tag: for how many more readings it is in alarm, and its share of the score when it was raised."""

    FIELDS: Final = ("held", "share")

    def __init__(self, tags: int, state: Mapping[str, Vector] | None = None) -> None:
        self.held = state["held"].copy() if state else np.zeros(tags)
        self.share = state["share"].copy() if state else np.zeros(tags)

    def state(self) -> dict[str, Vector]:
        """`[tags]` each."""
        return {"held": self.held, "share": self.share}

    @property
    def alarming(self) -> bool:
        """Whether any tag is in alarm."""
        return bool(self.held.max(initial=0.0) > 0)

    def step(self, raised: NDArray[np.bool_] | None, contributions: Vector | None = None) -> None:
        """One reading: the tags that it raises, if any, and what each contributes to the score."""
        self.held = np.maximum(self.held - 1.0, 0.0)
        if raised is None or contributions is None:
            return
        self.held = np.where(raised, float(HELD_ROWS), self.held)
        total = float(contributions.sum())
        self.share = contributions / total if total > 0 else contributions
