"""Breakers across processes: each change is told in Redis, and what others found down is left alone here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from anomalyctl.errors import AnomalyctlError
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import Policy
from anomalyctl.stores.readings.breakers import BreakerState
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    from anomalyctl.stores.readings import ReadingStore

logger = logging.getLogger(__name__)


class SharedBreakers:
    """One per process; `readings` is asked for late, since Redis may be the one that is down."""

    def __init__(
        self, readings: Callable[[], ReadingStore], *, owner: str, clock: Callable[[], datetime]
    ) -> None:
        self._readings = readings
        self._owner = owner
        self._clock = clock

    def tell(self, policy: Policy, state: str) -> None:
        """A breaker of this process changed. Never raises: calls go on whether or not anybody hears of it."""
        level = logging.WARNING if state == "open" else logging.INFO
        logger.log(level, "the breaker of the %s is %s", policy.name, state, extra={"breaker": policy.name})
        now_ms = epoch_ms(self._clock())
        until_ms = now_ms + int(policy.breaker_rest_s * 1000) if state == "open" else now_ms
        try:
            self._readings().breakers.write(BreakerState(self._owner, policy.name, state, now_ms, until_ms))
        except AnomalyctlError as error:
            logger.info("the state of the breaker cannot be told: %s", error.message)

    def heed(self, guards: Mapping[str, Guard]) -> None:
        """Leave alone what another process has just found down; `guards` by the name of what they call."""
        for state in self._readings().breakers.open_at(epoch_ms(self._clock())):
            if state.owner != self._owner and state.name in guards:
                guards[state.name].rest()
