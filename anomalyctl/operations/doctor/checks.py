"""What a check says, and running checks side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `mend` is the next step where the outcome is not ok."""

    name: str
    outcome: Outcome
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """All checks, in a fixed order."""

    healthy: bool
    """True where nothing failed; warnings concern optional parts."""
    checks: tuple[Check, ...]


def side_by_side(looks: Sequence[Callable[[], Check]]) -> Examination:
    """Run every look in a thread of its own; the order of the checks is the looks'."""
    with ThreadPoolExecutor(max_workers=len(looks)) as pool:
        checks = tuple(pool.map(lambda look: look(), looks))
    return Examination(healthy=all(check.outcome != "failed" for check in checks), checks=checks)
