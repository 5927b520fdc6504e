"""Waiting for verdicts, on a clock that the test turns."""

from datetime import timedelta

import pytest

from anomalyctl.errors import TimedOut
from anomalyctl.operations.status import EnvironmentStatus, PartStatus
from anomalyctl.operations.status_waiting import wait_until_judged
from tests.support.clocks import Clock


def look(queued: int | None, pending: int | None = 0, health: str = "healthy") -> EnvironmentStatus:
    part = PartStatus("detectors", "Detectors", health, "", 1.0, 0, "", "", 1)
    whole = "healthy" if health == "healthy" else "degraded"
    return EnvironmentStatus("local", whole, "", (part,), queued, pending, None, 0)


def wait(looks: list[EnvironmentStatus], limit_s: float = 60) -> EnvironmentStatus:
    clock, rest = Clock(), iter(looks)
    last = looks[-1]
    return wait_until_judged(
        lambda: next(rest, last), timedelta(seconds=limit_s), clock=clock, sleep=clock.sleep
    )


def test_it_ends_when_nothing_is_queued_and_nothing_pending():
    looks = [look(100), look(0, 20), look(0)]
    assert wait(looks) is looks[2]


def test_a_part_that_is_not_well_is_waited_for():
    looks = [look(0, health="starting"), look(0)]
    assert wait(looks) is looks[1]


def test_too_short_a_wait_says_what_still_waits():
    with pytest.raises(TimedOut, match=r"1,200 readings still wait"):
        wait([look(1000, 200)], limit_s=2)


def test_a_backlog_that_nobody_could_tell_is_no_empty_one():
    looks = [look(None, None), look(0)]
    assert wait(looks) is looks[1]
    with pytest.raises(TimedOut, match="Redis did not say"):
        wait([look(None, None)], limit_s=2)


def test_too_short_a_wait_names_the_part_that_is_unwell():
    with pytest.raises(TimedOut, match="Not well in time: Detectors"):
        wait([look(0, health="unwell")], limit_s=2)
