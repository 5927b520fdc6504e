"""Each disaster, rehearsed on real parts beside an environment that is not to be disturbed."""

from __future__ import annotations

import dataclasses
import errno
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from anomalyctl.cli.app import COMMANDS
from anomalyctl.errors import InvalidInput, Locked, PreconditionFailed
from anomalyctl.operations.drills.drilling import drill
from anomalyctl.operations.drills.model import DRILLS, DrillBalance
from anomalyctl.operations.drills.place import _clear_what_was_left
from anomalyctl.operations.drills.runbooks import RUNBOOKS
from anomalyctl.operations.progress import Silence
from anomalyctl.project import Project, find_project
from tests.support.wrapped_root import wait_until

ROOT = Path(__file__).parents[3]
GOOD = DrillBalance(720, 719, 1, 0, 0, 1, 1)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield Project(find_project(start=ROOT).root, tmp_path / "state")


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_nothing_is_lost_and_nothing_stays_behind(project: Project, name: str):
    done = drill(project, name)
    assert done.passed, done
    assert (done.balance.accepted, done.balance.lost, done.balance.twice) == (720, 0, 0)
    assert done.balance.episodes_before == 1
    assert done.recovered_after_s > 0
    typed = [step.typed for part in RUNBOOKS[name].values() for step in part if step.typed]  # type: ignore[index]
    assert [step.command for step in done.steps if step.command] == typed
    assert [one.name for one in (project.state / "drills").iterdir() if one.is_dir()] == []
    assert not (project.state / "local").exists()
    assert (ROOT / done.runbook).is_file()


def test_a_full_disk_begins_no_drill_and_is_told_as_what_it_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "symlink_to", no_room)
    with pytest.raises(PreconditionFailed, match="cannot be written: no space left"):
        drill(project, "database-failure")


HELD = """
import sys, time
from pathlib import Path
from anomalyctl.operations.drills.place import drill_plant
from anomalyctl.operations.progress import SILENCE
from anomalyctl.project import Project
with drill_plant(Project(Path(sys.argv[1]), Path(sys.argv[2])), "database-failure", SILENCE):
    print("up", flush=True)
    time.sleep(120)
"""


@contextmanager
def drilling(project: Project) -> Iterator[psutil.Popen]:
    """A drill half-way, in a process of its own."""
    process = psutil.Popen(
        [sys.executable, "-c", HELD, str(project.root), str(project.state)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        if process.is_running():
            process.kill()
        process.communicate()


def processes_of(home: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if str(home) in " ".join(one.info["cmdline"] or ())]


def test_a_drill_that_is_killed_leaves_no_process_and_no_folder(project: Project):
    home = project.state / "drills" / "database-failure"
    with drilling(project) as process:
        assert processes_of(home)
        with pytest.raises(Locked, match="the drill database-failure"):
            drill(project, "database-failure")
        process.kill()
        wait_until(lambda: not home.exists() and not processes_of(home), "the guard to take it away")


def test_what_a_power_cut_left_is_taken_away_by_the_next_drill_whichever(project: Project):
    """Killed with its guard; here its parts run on, after a power cut there are only files."""
    home = project.state / "drills" / "database-failure"
    with drilling(project) as process:
        guard = next(one for one in process.children() if "drills.guard" in " ".join(one.cmdline()))
        guard.kill()
        process.kill()
    assert processes_of(home)
    told: list[str] = []

    class Listening(Silence):
        def step(self, text: str) -> None:
            told.append(text)

    _clear_what_was_left(home.parent, "regional-outage", Listening())
    assert not home.exists()
    assert processes_of(home) == []
    assert told == ["Taking away what the drill database-failure left behind"]


def test_a_name_that_is_no_drill_is_refused_with_those_that_are(project: Project):
    with pytest.raises(InvalidInput, match="no drill flood") as refused:
        drill(project, "flood")
    assert "regional-outage" in refused.value.hint


@pytest.mark.parametrize("spoilt", [{"lost": 1}, {"twice": 1}, {"verdicts": 718}, {"episodes_after": 0}])
def test_a_balance_that_misses_anything_does_not_hold(spoilt: dict[str, int]):
    assert GOOD.holds
    assert not dataclasses.replace(GOOD, **spoilt).holds


def test_the_command_offers_the_drills_that_there_are():
    from anomalyctl.cli.commands.drill import _NAMES

    assert set(_NAMES) == set(DRILLS)
    assert "drill" in COMMANDS
