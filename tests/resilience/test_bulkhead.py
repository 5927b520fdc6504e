"""Too many calls at once wait, and beyond that are refused."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from anomalyctl.errors import InvalidInput, Transient
from anomalyctl.resilience.bulkhead import Bulkhead
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE, DETECTORS, Policy
from anomalyctl.resilience.settings import tuned


def test_calls_beyond_those_that_wait_are_refused_at_once() -> None:
    bulkhead = Bulkhead("thing", concurrent=1, queued=1)
    inside, leave, waited = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with bulkhead.place():
            inside.set()
            leave.wait(5)

    def wait() -> None:
        with bulkhead.place():
            waited.set()

    first, second = threading.Thread(target=hold), threading.Thread(target=wait)
    first.start()
    assert inside.wait(5)
    second.start()
    while bulkhead._inside < 2:
        assert second.is_alive()
    with pytest.raises(Transient, match="1 run and 1 wait"), bulkhead.place():
        raise AssertionError("nobody gets here")
    assert not waited.is_set()
    leave.set()
    first.join(5)
    second.join(5)
    assert waited.is_set()
    with bulkhead.place():
        pass


def test_the_bulkheads_have_the_numbers_of_the_fault_tolerance_seed() -> None:
    assert (DETECTORS.concurrent, DETECTORS.queued) == (100, 50)
    background = DATABASE.background()
    assert (background.concurrent, background.queued) == (20, 100)


def test_a_full_bulkhead_does_not_count_against_the_other_side() -> None:
    guard = Guard(replace(DATABASE, concurrent=1, queued=0, breaker_failures=1))

    def nested() -> None:
        guard.call(lambda: None)

    with pytest.raises(Transient, match="Too many"):
        guard.call(nested)


def test_an_environment_tunes_a_policy() -> None:
    environment = {
        "RESILIENCE_DATABASE_ATTEMPTS": "2",
        "RESILIENCE_DATABASE_TIMEOUT_S": "1.5",
        "RESILIENCE_DETECTORS_ATTEMPTS": "9",
    }
    policy = tuned(DATABASE, environment)
    assert (policy.attempts, policy.timeout_s, policy.name) == (2, 1.5, "database")
    assert tuned(DATABASE, {}) == DATABASE
    assert tuned(Policy("language model", 1), {"RESILIENCE_LANGUAGE_MODEL_ATTEMPTS": "4"}).attempts == 4


@pytest.mark.parametrize("value", ["", "many", "-1", "0", "2.5", "inf"])
def test_a_wrong_number_names_its_variable(value: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        tuned(DATABASE, {"RESILIENCE_DATABASE_ATTEMPTS": value})
    assert refused.value.field == "RESILIENCE_DATABASE_ATTEMPTS"


def test_a_change_of_the_breaker_is_told_once() -> None:
    told: list[str] = []
    policy = Policy("thing", timeout_s=1, attempts=1, breaker_failures=1, breaker_rest_s=0)
    guard = Guard(policy, on_change=lambda policy, state: told.append(f"{policy.name} {state}"))

    def down() -> None:
        raise Transient("down")

    for _ in range(2):
        with pytest.raises(Transient):
            guard.call(down)
    guard.call(lambda: None)
    guard.call(lambda: None)
    trial = ["thing half-open"]
    assert told == ["thing open", *trial, "thing open", *trial, "thing closed"]


def test_what_another_process_found_down_is_left_alone_here_too() -> None:
    told: list[str] = []
    guard = Guard(DATABASE, on_change=lambda policy, state: told.append(state))
    guard.rest()
    with pytest.raises(Transient, match="left alone"):
        guard.call(lambda: None)
    assert told == [], "the other process has told it"
