"""What cannot be done is told in a sentence, and nothing half-done stays behind."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import AnomalyctlError, Locked, PreconditionFailed
from anomalyctl.local import disk
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import held
from anomalyctl.local.state import read_state
from anomalyctl.operations.deploy import bring_up
from anomalyctl.operations.destroy import what_is_there
from anomalyctl.operations.progress import Silence
from anomalyctl.processes.identity import identify
from anomalyctl.telemetry.times import parse_time


def test_a_part_that_does_not_start_is_told_with_its_last_words_and_nothing_stays(
    folder: LocalFolder, dummies: Any
) -> None:
    dummies.failing.add("second")
    with pytest.raises(
        AnomalyctlError, match=r"Second does not start: it ended with exit code 3\."
    ) as failure:
        bring_up(folder, dummies.blueprint())
    assert failure.value.hint == "See: anomalyctl logs second"
    assert failure.value.details["log"][-1] == "the reason why"
    assert failure.value.exit_code == 1
    assert not what_is_there(folder).running
    assert not folder.state.exists()


def test_a_deploy_beside_another_is_refused_with_who_and_since_when(
    folder: LocalFolder, dummies: Any
) -> None:
    folder.prepare()
    now = parse_time("2026-01-02T03:04:05Z")
    with held(folder.deploy_lock, what="deploy", now=now), pytest.raises(Locked) as refusal:
        bring_up(folder, dummies.blueprint())
    assert f"process {os.getpid()}" in refusal.value.message
    assert "2026-01-02T03:04:05" in refusal.value.message
    assert refusal.value.exit_code == 5
    assert bring_up(folder, dummies.blueprint()).outcome == "started"


def test_of_two_deploys_at_once_one_wins_and_one_is_told(folder: LocalFolder, dummies: Any) -> None:
    outcomes: list[object] = []

    def deploy() -> None:
        try:
            outcomes.append(bring_up(folder, dummies.blueprint()).outcome)
        except Locked as refusal:
            outcomes.append(refusal)

    threads = [threading.Thread(target=deploy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Locked", "str"]
    assert len({dummies.process_of(name) for name in dummies.names}) == 2


def test_a_note_left_in_a_lock_by_a_killed_deploy_blocks_nobody(folder: LocalFolder, dummies: Any) -> None:
    folder.prepare()
    folder.deploy_lock.write_text('{"pid": 1, "since": "2026-01-01", "what": "deploy"}')
    folder.supervisor_lock.write_text('{"pid": 1, "since": "2026-01-01", "what": "supervisor"}')
    assert bring_up(folder, dummies.blueprint()).outcome == "started"


def test_ctrl_c_while_waiting_leaves_nothing_behind(folder: LocalFolder, dummies: Any) -> None:
    class Impatient(Silence):
        def done(self, text: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_up(folder, dummies.blueprint(), Impatient())
    assert not what_is_there(folder).running
    assert not folder.state.exists()


def test_a_folder_that_cannot_be_one_is_told_in_a_sentence(tmp_path: Path, dummies: Any) -> None:
    (tmp_path / "file").touch()
    blocked = LocalFolder(tmp_path / "file" / "local")
    with pytest.raises(PreconditionFailed, match="a file stands in its place") as refusal:
        bring_up(blocked, dummies.blueprint())
    assert refusal.value.exit_code == 6


def test_a_full_disk_is_told_and_nothing_is_started(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "ROOM_NEEDED", 2**62)
    monkeypatch.setattr(disk.require_room, "__defaults__", (2**62,))
    with pytest.raises(PreconditionFailed, match="is full: "):
        bring_up(folder, dummies.blueprint())
    assert read_state(folder) is None
    assert identify(os.getpid()) is not None


@pytest.mark.parametrize(
    ("number", "words"), [(28, "is full"), (30, "read-only disk"), (13, "may not be written or read by you")]
)
def test_a_write_that_the_disk_refuses_is_told_and_leaves_nothing(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    folder.prepare()

    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk.os, "fsync", refuse)
    with pytest.raises(PreconditionFailed, match=words):
        bring_up(folder, dummies.blueprint())
    assert not what_is_there(folder).running
    assert [path.name for path in folder.root.glob(".*")] == [".gitignore"]
