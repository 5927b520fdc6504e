"""`timerTrigger`: six fields, seconds first, UTC; a function never overlaps itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from azure.functions import TimerRequest as TimerRequestBase
from azure.functions.timer import TimerRequest

from anomalyctl.local.functions.bindings import FunctionDefinition, refusal
from anomalyctl.local.functions.calls import Calls
from anomalyctl.local.functions.triggers import Trigger

_LATE = timedelta(seconds=1)
_LONGEST_NAP_S = 30.0
"""The clock may be set, and a laptop may sleep: the time is looked at again at least this often."""


class TimerTrigger(Trigger):
    """Calls at the times of an NCRONTAB expression. `useMonitor` means nothing here: no schedule is kept."""

    def __init__(
        self,
        definition: FunctionDefinition,
        calls: Calls,
        stopping: threading.Event,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(definition, calls, stopping)
        self._clock = clock
        self._schedule = definition.text("schedule")
        self._at_once = definition.flag("runOnStartup")
        self._last: datetime | None = None
        try:
            self._due = next_time(self._schedule, clock())
        except ValueError:
            raise refusal(
                definition.folder, f"“{self._schedule}” is no schedule of six fields, seconds first"
            ) from None

    def prepare(self) -> None:
        """Nothing: a timer needs no store."""

    def round(self) -> float:
        """Call when it is time; what fell due during a call is left out."""
        now = self._clock()
        # A clock that was set back must not leave the next time where it was, hours ahead.
        self._due = min(self._due, next_time(self._schedule, now)) if now < self._due else self._due
        if self._at_once or now >= self._due:
            late = not self._at_once and now - self._due > _LATE
            self._at_once = False
            self.calls.call(self._request(now, past_due=late))
            self._last = now
            now = self._clock()
            self._due = next_time(self._schedule, now)
        return min(_LONGEST_NAP_S, max(0.0, (self._due - now).total_seconds()))

    def _request(self, now: datetime, *, past_due: bool) -> TimerRequestBase:
        last = self._last or datetime(1, 1, 1, tzinfo=UTC)
        status = {
            "Last": last.isoformat(),
            "Next": next_time(self._schedule, now).isoformat(),
            "LastUpdated": last.isoformat(),
        }
        return TimerRequest(past_due=past_due, schedule_status=status, schedule={"AdjustForDST": True})


def next_time(schedule: str, after: datetime) -> datetime:
    """The first time of the schedule after `after`. Raises ValueError for no NCRONTAB expression."""
    from croniter import croniter

    if len(schedule.split()) != 6:
        raise ValueError(schedule)
    found: datetime = croniter(schedule, after, second_at_beginning=True).get_next(datetime)
    return found
