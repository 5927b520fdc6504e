"""One part in the supervisor's hands, with the supervisor's clock in ours."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.local.ports import _free_port
from anomalyctl.local.supervised import SupervisedPart
from anomalyctl.processes.identity import identify


class Watched:
    """A part whose time passes when we say so."""

    def __init__(self, dummies: Any, log: Path) -> None:
        self.said: list[str] = []
        self.now = 1000.0
        self.one = SupervisedPart(dummies.part("second", _free_port(())), log, lambda: None, self.said.append)

    def tick(self, after: float = 0.0) -> str:
        self.now += after
        self.one.tick(self.now, lambda: datetime(2026, 1, 1, tzinfo=UTC), dict(os.environ), ready=True)
        return self.one.health

    def until(self, condition: Callable[[], bool], after: float = 0.0) -> bool:
        deadline = time.monotonic() + 10
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
            self.tick(after)
        return True

    @property
    def pid(self) -> int:
        process = self.one.state().process
        assert process is not None
        return process.pid


@pytest.fixture
def watched(dummies: Any, tmp_path: Path) -> Iterator[Watched]:
    made = Watched(dummies, tmp_path / "second.log")
    yield made
    made.one.stop(2)


def test_it_starts_at_once_and_is_well_when_it_answers(watched: Watched) -> None:
    assert watched.tick() == "starting"
    assert watched.until(lambda: watched.one.health == "healthy")
    assert watched.one.state().restarts == 0


def test_a_part_that_waits_for_another_is_not_started(watched: Watched) -> None:
    watched.one.tick(watched.now, lambda: datetime.now(UTC), {}, ready=False)
    assert watched.one.health == "waiting"
    assert watched.one.state().process is None


def test_tries_come_further_and_further_apart_but_never_end(dummies: Any, tmp_path: Path) -> None:
    dummies.failing.add("second")
    watched = Watched(dummies, tmp_path / "second.log")
    waits = []
    for _ in range(10):
        watched.tick()
        assert watched.until(lambda: watched.one.health == "backing-off")
        wait = watched.one.due(watched.now)
        assert wait is not None
        waits.append(round(wait, 2))
        watched.now += wait
    watched.one.stop(1)
    assert waits == [0.1, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert watched.one.state().exits == 10
    assert watched.said[0] == "second: it ended with exit code 3"


def test_being_well_for_a_while_ends_the_back_off(watched: Watched) -> None:
    for _ in range(3):
        watched.tick(after=60)
        assert watched.until(lambda: watched.one.health == "healthy")
        watched.now += 60
        os.kill(watched.pid, signal.SIGKILL)
        assert watched.until(lambda: watched.one.health == "backing-off")
        assert watched.one.due(watched.now) == pytest.approx(0.1)
    assert watched.one.state().restarts == 2


def test_a_part_that_hangs_is_ended_and_started_again(watched: Watched) -> None:
    watched.tick()
    assert watched.until(lambda: watched.one.health == "healthy")
    hung = identify(watched.pid)
    assert hung is not None
    os.kill(hung.pid, signal.SIGSTOP)
    assert watched.until(lambda: watched.one.health == "unwell")
    assert hung.alive(), "a moment without an answer is no reason to end it"
    watched.tick(after=31)
    assert watched.one.health == "backing-off"
    assert "it hung" in watched.one.state().detail
    assert not hung.alive()
    watched.tick(after=1)
    assert watched.until(lambda: watched.one.health == "healthy")
    assert watched.one.state().restarts == 1


def test_a_part_that_says_what_it_lacks_is_left_alone(watched: Watched, dummies: Any) -> None:
    dummies.sick("second").touch()
    watched.tick()
    assert watched.until(lambda: "503" in watched.one.state().detail)
    watched.tick(after=1000)
    assert watched.one.health == "starting"
    dummies.sick("second").unlink()
    assert watched.until(lambda: watched.one.health == "healthy")
    dummies.sick("second").touch()
    assert watched.until(lambda: watched.one.health == "unwell")
    watched.tick(after=1000)
    watched.tick(after=1000)
    assert watched.one.state().restarts == 0


def test_a_part_that_never_answers_is_ended_too(watched: Watched) -> None:
    watched.tick()
    os.kill(watched.pid, signal.SIGSTOP)
    assert watched.until(lambda: watched.one.state().detail != "")
    assert watched.one.health == "starting"
    watched.tick(after=91)
    assert watched.one.health == "backing-off"


def test_a_program_that_cannot_be_started_is_told(watched: Watched) -> None:
    object.__setattr__(watched.one.part, "argv", ("/nowhere/to/be/found",))
    assert watched.tick() == "backing-off"
    assert "it cannot be started: No such file" in watched.one.state().detail
