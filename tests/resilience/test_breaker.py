"""What a breaker lets through, and what it costs where nothing ever fails."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from anomalyctl.errors import Transient
from anomalyctl.resilience.breaker import Breaker, Refused
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import Policy


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=2, rest_s=60, counts=lambda error: isinstance(error, Transient), clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Transient), breaker.calling():
            raise Transient("down")


def test_failures_in_a_row_open_it_and_an_answer_in_between_starts_anew(breaker: Breaker) -> None:
    fail(breaker)
    with breaker.calling():
        pass
    fail(breaker)
    assert breaker.state == "closed"
    fail(breaker)
    assert breaker.state == "open"


def test_it_rests_by_a_clock_that_nobody_sets_back(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now = 59.9
    with pytest.raises(Refused), breaker.calling():
        raise AssertionError("nobody gets here")
    clock.now = 60.0
    with breaker.calling():
        assert breaker.state == "half-open"
    assert breaker.state == "closed"


def test_while_one_call_is_tried_all_others_are_refused(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now = 60.0
    refused: list[bool] = []

    def another() -> None:
        try:
            with breaker.calling():
                refused.append(False)
        except Refused:
            refused.append(True)

    with breaker.calling():
        threads = [threading.Thread(target=another) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
    assert refused == [True] * 8


def test_a_bad_trial_means_another_whole_rest(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now = 60.0
    fail(breaker)
    assert breaker.state == "open"
    clock.now = 119.9
    with pytest.raises(Refused), breaker.calling():
        raise AssertionError("nobody gets here")


def test_an_interrupted_trial_leaves_the_next_call_to_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now = 60.0
    with pytest.raises(KeyboardInterrupt), breaker.calling():
        raise KeyboardInterrupt
    with breaker.calling():
        pass
    assert breaker.state == "closed"


def test_a_refusal_of_the_request_is_an_answer_and_ends_the_trial(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 2)
    clock.now = 60.0
    with pytest.raises(ValueError), breaker.calling():
        raise ValueError("no such thing")
    assert breaker.state == "closed"


def test_calls_that_began_before_it_opened_neither_close_it_nor_lengthen_its_rest(
    breaker: Breaker, clock: Clock
) -> None:
    with breaker.calling():
        fail(breaker, 2)
    assert breaker.state == "open"
    clock.now = 30.0
    with pytest.raises(Transient), _begun_before(breaker):
        raise Transient("down")
    clock.now = 60.0
    with breaker.calling():
        assert breaker.state == "half-open"


def test_a_guard_tells_of_the_trial_too() -> None:
    told: list[str] = []
    clock = Clock()
    policy = Policy("thing", timeout_s=1, attempts=1, breaker_failures=1, breaker_rest_s=60)
    guard = Guard(policy, clock=clock, on_change=lambda _, state: told.append(state))

    def down() -> None:
        raise Transient("down")

    with pytest.raises(Transient):
        guard.call(down)
    clock.now = 60.0
    guard.call(lambda: None)
    assert told == ["open", "half-open", "closed"]


def test_a_guard_whose_calls_succeed_imports_neither_pybreaker_nor_redis() -> None:
    code = (
        "import sys\n"
        "from anomalyctl.resilience.guard import Guard\n"
        "from anomalyctl.resilience.policies import DATABASE\n"
        "assert Guard(DATABASE).call(lambda: 1) == 1\n"
        "found = {'pybreaker', 'redis'} & set(sys.modules)\n"
        "sys.exit(f'imported: {found}' if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class _begun_before:  # noqa: N801 - reads as part of a sentence
    """A call that was let through while the breaker was still closed."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        assert error is not None
        self._breaker._failed(error)
