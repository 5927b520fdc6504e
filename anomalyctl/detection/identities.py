"""Identities: physical laws between tags that a healthy set of sensors obeys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalyctl.detection.window import Vector, Window
from anomalyctl.telemetry.tags import Identity, TagRegistry


@dataclass(frozen=True, slots=True)
class Check:
    """One law over a window: what its tag should be, and where it is not; `[rows]` each."""

    law: Identity
    expected: Vector
    broken: NDArray[np.bool_]


def check_identities(window: Window, registry: TagRegistry) -> list[Check]:
    """Every law of the registry on every row; a row that lacks one of its tags breaks nothing."""
    checks = []
    for law in registry.identities:
        actual = window.columns([law.tag])[:, 0]
        operands = window.columns(law.operands)
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = operands[:, 0] / operands[:, 1] if law.kind == "ratio" else operands.sum(axis=1)
            off = np.abs(actual - expected) > law.tolerance * np.abs(expected)
        checks.append(Check(law, expected, off & np.isfinite(expected)))
    return checks
