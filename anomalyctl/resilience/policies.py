"""What each kind of call may cost: its time-out, its retries and when it is left alone for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of one kind of call. Every time is in seconds."""

    name: str
    timeout_s: float
    """How long one attempt may take."""
    attempts: int = 5
    """First try included, for a failure that may heal by itself."""
    wait_min_s: float = 1.0
    wait_max_s: float = 60.0
    rate_limit_attempts: int = 3
    """First try included, when the other side says that it is asked too often."""
    rate_limit_wait_min_s: float = 5.0
    rate_limit_wait_max_s: float = 30.0
    breaker_failures: int = 5
    """After so many failures in a row nothing is tried any more…"""
    breaker_rest_s: float = 60.0
    """…for so long; then one call is let through, and its outcome decides."""
    total_s: float = float("inf")
    """After so long, tries and pauses together, nothing is tried again."""
    concurrent: int = 100
    """Calls at a time…"""
    queued: int = 50
    """…and calls waiting for their turn; more are refused at once."""

    background_concurrent: int = 20
    """The same for work that nobody waits for: fewer at a time…"""
    background_queued: int = 100
    """…and more waiting."""

    def background(self) -> Policy:
        """The same kind of call for work that nobody waits for: fewer at a time, more waiting."""
        return replace(self, concurrent=self.background_concurrent, queued=self.background_queued)

    def interactive(self) -> Policy:
        """The same kind of call with a person waiting: two tries within about a second."""
        return replace(
            self, attempts=2, wait_min_s=0.2, wait_max_s=0.5, rate_limit_attempts=2, rate_limit_wait_min_s=0.5
        )


DETECTORS: Final = Policy("detectors", timeout_s=30.0, total_s=60.0)
"""A verdict without a tier is completed later: one that hangs may cost two time-outs, not five."""
LANGUAGE: Final = Policy(
    "language model", timeout_s=5.0, attempts=2, wait_min_s=0.2, wait_max_s=0.5, rate_limit_attempts=1
)
"""A verdict waits for its contexts and has 30 s in all: known causes now beat better words later."""
DATABASE: Final = Policy("database", timeout_s=10.0, breaker_failures=3, breaker_rest_s=30.0)
CACHE: Final = Policy("cache", timeout_s=5.0, breaker_rest_s=5.0)
"""All stands on it, and it is back seconds after a restart: a minute's rest would be a minute's backlog."""
RESOURCE_MANAGER: Final = Policy(
    "Resource Manager", timeout_s=30.0, wait_max_s=20.0, rate_limit_attempts=5, rate_limit_wait_max_s=120.0
)
STATE_BLOBS: Final = Policy("state blobs", timeout_s=10.0, attempts=3, wait_max_s=5.0)
ROLE_ARRIVAL: Final = Policy(
    "arrival of a role", timeout_s=10.0, attempts=45, wait_min_s=2.0, wait_max_s=15.0, breaker_failures=1000
)
"""A new role reaches blobs after seconds, mostly, and after ten minutes at worst."""
VAULT: Final = Policy("vault", timeout_s=10.0, attempts=2, wait_min_s=0.2, wait_max_s=1.0)
METRICS: Final = Policy("metrics", timeout_s=15.0, attempts=2, wait_min_s=0.2, wait_max_s=1.0)
LOGS: Final = Policy("logs", timeout_s=60.0, attempts=3, wait_max_s=5.0)
"""A query of Log Analytics may take its minute."""

POLICIES: Final = {
    policy.name: policy
    for policy in (
        DETECTORS,
        LANGUAGE,
        DATABASE,
        CACHE,
        RESOURCE_MANAGER,
        STATE_BLOBS,
        ROLE_ARRIVAL,
        VAULT,
        METRICS,
        LOGS,
    )
}
