"""The process beside a rollout: told of the end it goes; after a death it brings the old revision back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from anomalyctl.errors import Locked, NotFound, SignInFailed
from anomalyctl.operations.rollout.guard import bring_back
from anomalyctl.operations.rollout.guarding import guarded

GUARD = "import sys; sys.stdout.write('word' if sys.stdin.read().endswith('ended\\n') else 'death')"
ROLLOUT = """
import os, sys, time
from pathlib import Path
from anomalyctl.operations.rollout.guarding import guarded
with guarded("dev", Path(sys.argv[1]), os.environ, command=(sys.executable, "-c", sys.argv[2])):
    print("begun", flush=True)
    if sys.argv[3] == "hang":
        time.sleep(60)
"""


def rollout(log: Path, what: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", ROLLOUT, str(log), GUARD, what]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def said_by_the_guard(log: Path, process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    process.stdout.read()
    process.wait(10)
    # It writes to a file: its end is the end of what it says, and the lock on the file tells nothing.
    for _ in range(200):
        if text := log.read_text():
            return text
        subprocess.run(["sleep", "0.05"], check=True)
    return log.read_text()


def test_a_rollout_that_is_killed_is_a_death_to_its_guard(tmp_path: Path):
    process = rollout(tmp_path / "log", "hang")
    process.send_signal(signal.SIGKILL)
    assert said_by_the_guard(tmp_path / "log", process) == "death"


def test_a_rollout_that_ends_tells_its_guard(tmp_path: Path):
    process = rollout(tmp_path / "log", "end")
    assert said_by_the_guard(tmp_path / "log", process) == "word"


def test_a_rollout_that_fails_has_ended_as_well(tmp_path: Path):
    with (
        pytest.raises(ZeroDivisionError),
        guarded("dev", tmp_path / "log", {}, command=(sys.executable, "-c", GUARD)),
    ):
        _ = 1 / 0
    assert (tmp_path / "log").read_text() == "word"


def test_the_guard_tries_again_while_it_cannot_and_stops_when_nothing_is_to_be_done():
    troubles: list[Exception] = [Locked("the state"), SignInFailed("no network"), NotFound("nothing")]
    told: list[str] = []
    slept: list[float] = []

    def roll_back(_: str) -> None:
        raise troubles.pop(0)

    assert bring_back("dev", roll_back, say=told.append, sleep=slept.append)
    assert told[-1] == "nothing was begun"
    assert len(slept) == 2


def test_the_guard_gives_up_after_minutes_and_says_what_to_type():
    def roll_back(_: str) -> None:
        raise SignInFailed("no network")

    told: list[str] = []
    assert not bring_back("dev", roll_back, say=told.append, sleep=lambda seconds: None)
    assert told[-1] == "given up: run `anomalyctl rollback`"


def test_a_block_that_ends_with_the_traffic_divided_leaves_it_to_the_guard(tmp_path: Path):
    log = tmp_path / "log"
    command = (sys.executable, "-c", GUARD)
    with (
        pytest.raises(KeyboardInterrupt),
        guarded("dev", log, {}, is_over=lambda: False, command=command),
    ):
        raise KeyboardInterrupt
    for _ in range(200):
        if log.read_text():
            break
        subprocess.run(["sleep", "0.05"], check=True)
    assert log.read_text() == "death"


def test_a_guard_that_was_stopped_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anomalyctl.processes.survivor._GOES_WITHIN_S", 0.2)
    with guarded("dev", tmp_path / "log", {}, command=(sys.executable, "-c", GUARD)) as process:
        os.kill(process, signal.SIGSTOP)
    os.kill(process, signal.SIGKILL)
