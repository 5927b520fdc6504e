"""Calls that may not come twice, calls that nobody waits for, and a process that is asked to stop."""

from __future__ import annotations

import threading
import time
from contextvars import copy_context

import pytest

from anomalyctl.errors import Transient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.manner import in_background, is_in_background, is_once, once
from anomalyctl.resilience.policies import Policy

POLICY = Policy("thing", timeout_s=1, attempts=5, wait_min_s=30, breaker_failures=100)


def counting(asked: list[int]) -> None:
    asked.append(1)
    raise Transient("down")


def test_what_may_not_come_twice_has_one_try() -> None:
    asked: list[int] = []
    with once(), pytest.raises(Transient, match="down"):
        Guard(POLICY, sleep=lambda _: None).call(lambda: counting(asked))
    assert len(asked) == 1
    assert not is_once()


def test_a_thread_within_the_context_is_in_the_background_too_and_others_are_not() -> None:
    seen: list[bool] = []
    with in_background():
        inside = threading.Thread(target=copy_context().run, args=(lambda: seen.append(is_in_background()),))
        inside.start()
        inside.join(5)
        outside = threading.Thread(target=lambda: seen.append(is_in_background()))
        outside.start()
        outside.join(5)
    assert seen == [True, False]
    assert not is_in_background()


def test_once_asked_to_stop_nothing_is_tried_again() -> None:
    stopping, asked = threading.Event(), list[int]()
    stopping.set()
    with pytest.raises(Transient, match="down"):
        Guard(POLICY, stopping=stopping).call(lambda: counting(asked))
    assert len(asked) == 1


def test_a_pause_under_way_ends_when_asked_to_stop() -> None:
    stopping, asked = threading.Event(), list[int]()
    threading.Timer(0.1, stopping.set).start()
    began = time.monotonic()
    with pytest.raises(Transient, match="asked to stop"):
        Guard(POLICY, stopping=stopping).call(lambda: counting(asked))
    assert len(asked) == 1
    assert time.monotonic() - began < 20, "and not the 30 s of the pause"


@pytest.mark.parametrize("details", [{"answered": True}, {"retry_after_s": 1.0}])
def test_who_answers_is_there_whatever_he_says(details: dict[str, object]) -> None:
    guard = Guard(Policy("thing", timeout_s=1, breaker_failures=1), sleep=lambda _: None)

    def refuse() -> None:
        raise Transient("no", details=details)

    with pytest.raises(Transient, match="no"):
        guard.call(refuse)
    assert guard.state == "closed"
