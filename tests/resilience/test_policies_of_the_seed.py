"""The numbers that were asked for are the defaults, and each of them can be set."""

from __future__ import annotations

import threading
from dataclasses import fields

import pytest

from anomalyctl.errors import Transient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.manner import in_background
from anomalyctl.resilience.policies import CACHE, DATABASE, DETECTORS, LANGUAGE, POLICIES, Policy
from anomalyctl.resilience.settings import tuned, variable_of


def test_the_numbers_that_were_asked_for_are_the_defaults() -> None:
    policy = Policy("any", timeout_s=1)
    assert (policy.attempts, policy.wait_min_s, policy.wait_max_s) == (5, 1, 60)
    limits = (policy.rate_limit_attempts, policy.rate_limit_wait_min_s, policy.rate_limit_wait_max_s)
    assert limits == (3, 5, 30)
    assert (policy.concurrent, policy.queued) == (100, 50)
    assert (policy.background().concurrent, policy.background().queued) == (20, 100)
    for each in (DETECTORS, LANGUAGE):
        assert (each.breaker_failures, each.breaker_rest_s) == (5, 60)
    assert (DATABASE.breaker_failures, DATABASE.breaker_rest_s) == (3, 30)
    assert (DETECTORS.timeout_s, DATABASE.timeout_s, CACHE.timeout_s) == (30, 10, 5)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=str)
def test_every_number_of_every_policy_can_be_set(policy: Policy) -> None:
    for each in fields(policy):
        if each.name != "name":
            changed = tuned(policy, {variable_of(policy, each.name): "7"})
            assert getattr(changed, each.name) == 7


def test_background_work_has_its_own_places_and_the_same_breaker() -> None:
    guard = Guard(Policy("database", 1, attempts=1, breaker_failures=1, concurrent=1, queued=1))
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        leave.wait(5)

    thread = threading.Thread(target=guard.call, args=(hold,))
    thread.start()
    assert inside.wait(5)
    with in_background():
        assert guard.call(lambda: "well") == "well"
    leave.set()
    thread.join(5)

    def down() -> None:
        raise Transient("down")

    with pytest.raises(Transient, match="down"), in_background():
        guard.call(down)
    with pytest.raises(Transient, match="left alone"):
        guard.call(lambda: "well")
