from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from anomalyctl.errors import InvalidInput, TimedOut, Transient
from anomalyctl.resilience.guard import Guard, rate_limited
from anomalyctl.resilience.policies import DATABASE, DETECTORS, LANGUAGE, POLICIES, Policy

POLICY = Policy("thing", timeout_s=1, attempts=3, breaker_failures=5, breaker_rest_s=60)


class Sleeps(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def failing(errors: list[Exception], answer: str = "answer") -> Callable[[], str]:
    def call() -> str:
        if errors:
            raise errors.pop(0)
        return answer

    return call


def always(error: Exception) -> Callable[[], str]:
    def call() -> str:
        raise error

    return call


def test_what_may_heal_is_tried_again_after_growing_pauses() -> None:
    sleeps = Sleeps()
    assert Guard(POLICY, sleep=sleeps).call(failing([Transient("a"), TimedOut("b")])) == "answer"
    assert 1 <= sleeps[0] <= 2 <= sleeps[1] <= 3


def test_after_the_last_attempt_its_own_error_is_raised() -> None:
    sleeps = Sleeps()
    with pytest.raises(Transient, match="third"):
        Guard(POLICY, sleep=sleeps).call(
            failing([Transient("first"), Transient("second"), Transient("third")])
        )
    assert len(sleeps) == 2


def test_what_cannot_heal_is_never_tried_again_and_counts_as_an_answer() -> None:
    sleeps, guard = Sleeps(), Guard(POLICY, sleep=Sleeps())
    for _ in range(20):
        with pytest.raises(InvalidInput):
            guard.call(always(InvalidInput("no")))
    assert (list(sleeps), guard.state) == ([], "closed")


def test_the_named_time_of_a_rate_limit_is_kept_to() -> None:
    sleeps = Sleeps()
    assert Guard(POLICY, sleep=sleeps).call(failing([rate_limited("slow", retry_after_s=7)])) == "answer"
    assert 7 <= sleeps[0] <= 7.7


def test_a_rate_limit_without_a_time_waits_five_to_thirty_seconds_and_gives_up_at_the_third() -> None:
    sleeps = Sleeps()
    with pytest.raises(Transient, match="slow"):
        Guard(POLICY, sleep=sleeps).call(always(rate_limited("slow", retry_after_s=0)))
    assert len(sleeps) == 2
    assert all(5 <= pause <= 30 for pause in sleeps)


def test_a_rate_limit_longer_than_we_would_wait_is_told_at_once() -> None:
    sleeps = Sleeps()
    with pytest.raises(Transient, match="slow"):
        Guard(POLICY, sleep=sleeps).call(always(rate_limited("slow", retry_after_s=31)))
    assert sleeps == []


def test_rate_limits_do_not_open_the_breaker() -> None:
    guard = Guard(POLICY, sleep=Sleeps())
    for _ in range(5):
        with pytest.raises(Transient):
            guard.call(always(rate_limited("slow", retry_after_s=1)))
    assert guard.state == "closed"


def test_after_too_many_failures_nothing_is_called_until_the_rest_is_over() -> None:
    sleeps = Sleeps()
    guard = Guard(POLICY, sleep=sleeps)
    for _ in range(2):
        with pytest.raises(Transient, match="down"):
            guard.call(always(Transient("down")))
    assert guard.state == "open"
    calls: list[int] = []
    with pytest.raises(Transient, match="left alone") as refused:
        guard.call(lambda: calls.append(1))
    assert calls == []
    assert refused.value.details == {"breaker": "open"}


def test_when_the_breaker_opens_in_mid_retry_the_real_error_is_raised_at_once() -> None:
    sleeps = Sleeps()
    guard = Guard(Policy("thing", timeout_s=1, attempts=10, breaker_failures=2), sleep=sleeps)
    with pytest.raises(Transient, match="down"):
        guard.call(always(Transient("down")))
    assert len(sleeps) == 1


def test_after_the_rest_one_good_call_closes_the_breaker() -> None:
    guard = Guard(
        Policy("thing", timeout_s=1, attempts=1, breaker_failures=1, breaker_rest_s=0), sleep=Sleeps()
    )
    with pytest.raises(Transient):
        guard.call(always(Transient("down")))
    assert guard.state == "open"
    assert guard.call(lambda: "well") == "well"
    assert guard.state == "closed"


def test_after_the_rest_one_bad_call_opens_it_again() -> None:
    guard = Guard(
        Policy("thing", timeout_s=1, attempts=1, breaker_failures=3, breaker_rest_s=0), sleep=Sleeps()
    )
    for _ in range(4):
        with pytest.raises(Transient):
            guard.call(always(Transient("down")))
        assert guard.state in ("open", "closed")
    assert guard.state == "open"


def test_calls_of_several_threads_run_side_by_side() -> None:
    guard, both_inside = Guard(POLICY), threading.Barrier(2, timeout=5)
    threads = [threading.Thread(target=guard.call, args=(both_inside.wait,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=6)
    assert not both_inside.broken


def test_the_policies_have_the_numbers_of_the_fault_tolerance_seed() -> None:
    assert (DETECTORS.timeout_s, DETECTORS.attempts, DETECTORS.breaker_failures) == (30, 5, 5)
    assert (DETECTORS.wait_min_s, DETECTORS.wait_max_s, DETECTORS.breaker_rest_s) == (1, 60, 60)
    assert (LANGUAGE.breaker_failures, LANGUAGE.breaker_rest_s) == (5, 60)
    assert (DATABASE.timeout_s, DATABASE.breaker_failures, DATABASE.breaker_rest_s) == (10, 3, 30)
    assert POLICIES["cache"].timeout_s == 5
    for policy in POLICIES.values():
        assert policy.interactive().attempts == 2
