"""Whether the new revision is as good as the old one: errors, the slowest answers, verdicts.

Our probes are the floor: the same readings to both. What Azure tells of the real traffic counts besides,
where it can be had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from anomalyctl.operations.rollout.real_traffic import RealTraffic, RevisionTraffic

MORE_ERRORS: Final = 0.01
"""So much of the requests may fail beyond the old one's share."""
SLOWER: Final = 1.5
SLOWER_S: Final = 0.05
"""p95 may be 1.5 times the old one's and 50 ms: on short answers the ratio alone is noise."""
DIFFERENT: Final = 0.02
"""Share of readings on which the conclusion may differ."""
HOPELESS: Final = 0.2
_HOPELESS_AFTER: Final = 10
_FEW_FAILURES: Final = 3
"""Of real requests: one or two that failed are no share of anything."""
ENOUGH: Final = 20
"""Fewer requests than this say nothing."""


_UNASKED: Final = RealTraffic(reason="Azure Monitor was not asked")


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
    trouble: str = ""
    """Why readings could not be had, last time."""

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
    judged_by: str = "probes"
    """`probes and real traffic`, or `probes` alone."""
    real_old: RevisionTraffic | None = None
    real_new: RevisionTraffic | None = None
    """What Azure Monitor told of all requests, our probes among them; None where it told nothing."""
    real_reason: str = ""
    """Why the real traffic, or a figure of it, could not be judged; empty where it was."""

    @property
    def good(self) -> bool:
        """Nothing speaks against it."""
        return not self.against


def is_hopeless(seen: Seen, real: RealTraffic = _UNASKED) -> bool:
    """Whether the new one fails so much more than the old one that waiting would only cost readings."""
    if seen.new.requests >= _HOPELESS_AFTER and seen.new.error_rate > seen.old.error_rate + HOPELESS:
        return True
    old, new = real.old, real.new
    enough = old is not None and new is not None and new.requests >= ENOUGH
    return enough and new.error_rate > old.error_rate + HOPELESS  # type: ignore[union-attr]


def weigh(seen: Seen, real: RealTraffic = _UNASKED, *, different: float = DIFFERENT) -> Weighed:
    """The verdict on the new revision; `different` is the share of conclusions that may differ."""
    counts, reason = _counts(real)
    return Weighed(
        requests=seen.new.requests,
        error_rate_old=seen.old.error_rate,
        error_rate_new=seen.new.error_rate,
        p95_old_s=seen.old.p95_s,
        p95_new_s=seen.new.p95_s,
        compared=seen.compared,
        difference=seen.difference,
        against=(*_against(seen, different), *(_real_against(real) if counts else ())),
        examples=tuple(seen.examples),
        judged_by="probes and real traffic" if counts else "probes",
        real_old=real.old,
        real_new=real.new,
        real_reason=reason,
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
        why = f" ({seen.trouble})" if seen.trouble else ""
        found.append(f"only {seen.new.requests} requests were seen, too few to say{why}")
    return found


def _counts(real: RealTraffic) -> tuple[bool, str]:
    """Whether there was enough real traffic to judge by, and what is missing of it."""
    if real.old is None or real.new is None:
        return False, real.reason
    for which, one in (("old", real.old), ("new", real.new)):
        if one.requests < ENOUGH:
            return False, f"only {one.requests} requests reached the {which} revision"
    return True, real.reason


def _real_against(real: RealTraffic) -> Sequence[str]:
    old, new = real.old, real.new
    assert old is not None and new is not None  # noqa: S101 - said by _counts
    found = []
    if new.failures >= _FEW_FAILURES and new.error_rate > old.error_rate + MORE_ERRORS:
        found.append(
            f"{new.error_rate:.1%} of the {new.requests:,} requests that reached it failed, "
            f"{old.error_rate:.1%} of the old one's"
        )
    if old.mean_s is not None and new.mean_s is not None and new.mean_s > SLOWER * old.mean_s + SLOWER_S:
        found.append(
            f"its answers took {new.mean_s * 1000:.0f} ms on the whole, {old.mean_s * 1000:.0f} ms before"
        )
    return found
