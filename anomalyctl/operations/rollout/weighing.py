"""Whether the new revision is as good as the old one: errors, the slowest answers, verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

MORE_ERRORS: Final = 0.01
"""So much of the requests may fail beyond the old one's share."""
SLOWER: Final = 1.5
SLOWER_S: Final = 0.05
"""p95 may be 1.5 times the old one's and 50 ms: on short answers the ratio alone is noise."""
DIFFERENT: Final = 0.02
"""Share of readings on which the conclusion may differ."""
HOPELESS: Final = 0.2
_HOPELESS_AFTER: Final = 10
ENOUGH: Final = 20
"""Fewer requests than this say nothing."""


@dataclass
class Tally:
    """What one revision answered so far."""

    requests: int = 0
    failures: int = 0
    seconds: list[float] = field(default_factory=list)
    said: str = ""
    """Of the last failure."""

    @property
    def error_rate(self) -> float:
        """0 to 1."""
        return self.failures / self.requests if self.requests else 0.0

    @property
    def p95_s(self) -> float:
        """Of the answers that came."""
        return float(np.percentile(self.seconds, 95)) if self.seconds else 0.0


@dataclass
class Seen:
    """Both revisions over the same readings."""

    old: Tally = field(default_factory=Tally)
    new: Tally = field(default_factory=Tally)
    compared: int = 0
    different: int = 0
    examples: list[str] = field(default_factory=list)
    """Reading ids on which they differ."""

    @property
    def difference(self) -> float:
        """Share of the readings compared, 0 to 1."""
        return self.different / self.compared if self.compared else 0.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """The figures side by side, and what speaks against the new revision."""

    requests: int
    error_rate_old: float
    error_rate_new: float
    p95_old_s: float
    p95_new_s: float
    compared: int
    difference: float
    against: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Nothing speaks against it."""
        return not self.against


def is_hopeless(seen: Seen) -> bool:
    """Whether the new one fails so much more than the old one that waiting would only cost readings."""
    return seen.new.requests >= _HOPELESS_AFTER and seen.new.error_rate > seen.old.error_rate + HOPELESS


def weigh(seen: Seen, *, different: float = DIFFERENT) -> Weighed:
    """The verdict on the new revision; `different` is the share of conclusions that may differ."""
    return Weighed(
        requests=seen.new.requests,
        error_rate_old=seen.old.error_rate,
        error_rate_new=seen.new.error_rate,
        p95_old_s=seen.old.p95_s,
        p95_new_s=seen.new.p95_s,
        compared=seen.compared,
        difference=seen.difference,
        against=tuple(_against(seen, different)),
        examples=tuple(seen.examples),
    )


def _against(seen: Seen, different: float) -> Sequence[str]:
    found = []
    if seen.new.error_rate > seen.old.error_rate + MORE_ERRORS:
        found.append(
            f"{seen.new.error_rate:.1%} of its requests fail, {seen.old.error_rate:.1%} of the old one's"
            + (f" ({seen.new.said})" if seen.new.said else "")
        )
    if seen.new.p95_s > SLOWER * seen.old.p95_s + SLOWER_S:
        found.append(f"p95 {seen.new.p95_s * 1000:.0f} ms, {seen.old.p95_s * 1000:.0f} ms before")
    if seen.difference > different:
        found.append(f"it concludes otherwise on {seen.difference:.1%} of {seen.compared:,} readings")
    if not found and seen.new.failures and not seen.compared:
        said = f" ({seen.new.said})" if seen.new.said else ""
        found.append(f"neither revision could be asked, so nothing was compared{said}")
    if not found and seen.new.requests < ENOUGH:
        found.append(f"only {seen.new.requests} requests were seen, too few to say")
    return found
