"""Bringing parts up, healing them, taking them down: on real processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import AnomalyctlError, Locked, NotDeployed, PreconditionFailed
from anomalyctl.local import control, disk
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import held, is_held
from anomalyctl.local.ports import is_free, load_ports
from anomalyctl.local.probing import trouble
from anomalyctl.local.state import SupervisorState, read_state
from anomalyctl.local.supervisor import LOG_LIMIT
from anomalyctl.operations.deploy import bring_up
from anomalyctl.operations.destroy import destroy_local, what_is_there
from anomalyctl.operations.progress import Silence
from anomalyctl.operations.status import read_status
from anomalyctl.processes.identity import ProcessIdentity, identify
from anomalyctl.telemetry.times import parse_time


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def running(folder: LocalFolder) -> SupervisorState:
    state = control.running_state(folder)
    assert state is not None
    return state


def process_of(folder: LocalFolder, name: str) -> ProcessIdentity:
    part = running(folder).part(name)
    assert part is not None
    assert part.process is not None
    return part.process


def is_well(folder: LocalFolder, name: str, *, not_: ProcessIdentity | None = None) -> bool:
    part = running(folder).part(name)
    return part is not None and part.health == "healthy" and part.process not in (None, not_)


def test_each_part_runs_and_is_well_when_deploy_returns(folder: LocalFolder, dummies: Any) -> None:
    deployment = bring_up(folder, dummies.blueprint())
    assert deployment.outcome == "started"
    assert [part.name for part in deployment.parts] == ["first", "second"]
    for part in dummies.build(load_ports(folder), None):
        assert trouble(part.probe) is None
    assert dummies.prepared == ["first"]


def test_a_second_deploy_changes_nothing(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    before = running(folder)
    again = bring_up(folder, dummies.blueprint())
    assert again.outcome == "unchanged"
    assert again.took_s < 2
    assert running(folder) == before
    assert dummies.prepared == ["first"]


def test_all_that_is_written_is_for_its_owner_alone(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    assert folder.root.stat().st_mode & 0o777 == 0o700
    for path in folder.root.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_part_that_is_killed_comes_back_and_status_counts_it(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    victim = process_of(folder, "second")
    os.kill(victim.pid, signal.SIGKILL)
    assert within(15, lambda: is_well(folder, "second", not_=victim))
    status = read_status(folder)
    assert {part.name: part.restarts for part in status.parts} == {"first": 0, "second": 1}
    assert status.is_healthy


def test_a_part_that_answers_badly_is_unwell_until_it_answers_well(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    dummies.sick("second").touch()
    status = read_status(folder)
    assert [part.health for part in status.parts] == ["healthy", "unwell"]
    assert "503" in status.parts[1].detail
    assert status.health == "degraded"
    dummies.sick("second").unlink()
    assert read_status(folder).is_healthy


def test_a_killed_supervisor_takes_its_parts_along_and_the_next_deploy_starts_anew(
    folder: LocalFolder, dummies: Any
) -> None:
    bring_up(folder, dummies.blueprint())
    orphans = [process_of(folder, name) for name in dummies.names]
    before = running(folder)
    os.kill(before.process.pid, signal.SIGKILL)
    assert within(5, lambda: not any(orphan.alive() for orphan in orphans))
    with pytest.raises(NotDeployed, match="its supervisor ended"):
        read_status(folder)
    again = bring_up(folder, dummies.blueprint())
    assert again.outcome == "started"
    assert running(folder).process != before.process


def test_parts_that_outlived_their_supervisor_are_ended_by_the_next_deploy(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dummies.stubborn.add("second")  # deaf to the parent-death signal
    bring_up(folder, dummies.blueprint())
    orphan = process_of(folder, "second")
    os.kill(running(folder).process.pid, signal.SIGKILL)
    assert within(5, lambda: not is_held(folder.supervisor_lock))
    assert orphan.alive()
    monkeypatch.setattr(control, "_ORPHAN_S", 0.3)
    ports = load_ports(folder)
    control.end_orphans(folder)
    assert not orphan.alive()
    dummies.stubborn.clear()
    assert bring_up(folder, dummies.blueprint()).outcome == "started"
    assert load_ports(folder) == ports


def test_other_settings_start_the_parts_again(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    before = process_of(folder, "first")
    dummies.version = "2"
    assert bring_up(folder, dummies.blueprint()).outcome == "restarted"
    assert not before.alive()


def test_a_remembered_port_that_was_taken_is_replaced(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    destroy_local(folder, keep_data=True)
    ports = load_ports(folder)
    with socket.create_server(("127.0.0.1", ports["second"])):
        deployment = bring_up(folder, dummies.blueprint())
    assert deployment.outcome == "started"
    assert load_ports(folder)["first"] == ports["first"]
    assert load_ports(folder)["second"] != ports["second"]


def test_a_port_taken_while_its_part_was_down_is_healed_by_deploy(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    port = load_ports(folder)["second"]
    supervisor = running(folder).process
    os.kill(supervisor.pid, signal.SIGSTOP)  # so that it is not faster than the one that takes the port
    victim = process_of(folder, "second")
    os.kill(victim.pid, signal.SIGKILL)
    assert within(5, lambda: is_free(port))
    with socket.create_server(("127.0.0.1", port)):
        os.kill(supervisor.pid, signal.SIGCONT)
        assert within(5, lambda: "taken" in (running(folder).part("second") or pytest.fail()).detail)
        assert "taken by another program" in read_status(folder).parts[1].detail
        assert bring_up(folder, dummies.blueprint()).outcome == "restarted"
    assert load_ports(folder)["second"] != port


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


def test_a_failing_part_of_a_running_environment_leaves_the_others_alone(
    folder: LocalFolder, dummies: Any
) -> None:
    bring_up(folder, dummies.blueprint())
    first = process_of(folder, "first")
    dummies.sick("second").touch()
    assert within(10, lambda: not is_well(folder, "second"))
    dummies.sick("second").unlink()
    assert bring_up(folder, dummies.blueprint()).outcome in ("healed", "unchanged")
    assert process_of(folder, "first") == first


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
    assert len({process_of(folder, name) for name in dummies.names}) == 2


def test_a_note_left_in_a_lock_by_a_killed_deploy_blocks_nobody(folder: LocalFolder, dummies: Any) -> None:
    folder.prepare()
    folder.deploy_lock.write_text('{"pid": 1, "since": "2026-01-01", "what": "deploy"}')
    folder.supervisor_lock.write_text('{"pid": 1, "since": "2026-01-01", "what": "supervisor"}')
    assert bring_up(folder, dummies.blueprint()).outcome == "started"


def test_stopping_asks_each_part_the_last_first(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    supervisor = running(folder).process
    destruction = destroy_local(folder, keep_data=True)
    assert destruction.stopped
    assert not supervisor.alive()
    said = folder.log_of("supervisor").read_text()
    assert said.index("second is stopped") < said.index("first is stopped")
    assert "asked to end" in folder.log_of("first").read_text()
    assert folder.secrets.exists()


def test_a_part_that_does_not_listen_is_ended_all_the_same(folder: LocalFolder, dummies: Any) -> None:
    dummies.stubborn.add("second")
    bring_up(folder, dummies.blueprint())
    stubborn = process_of(folder, "second")
    destroy_local(folder, keep_data=False)
    assert not stubborn.alive()


def test_destroy_deletes_the_data_and_says_when_there_is_none(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    assert destroy_local(folder, keep_data=False).data == "deleted"
    assert not what_is_there(folder).anything
    again = destroy_local(folder, keep_data=False)
    assert (again.stopped, again.data) == (False, "none")


def test_destroy_cleans_up_behind_a_killed_supervisor(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_ORPHAN_S", 0.3)
    dummies.stubborn.add("second")
    bring_up(folder, dummies.blueprint())
    orphan = process_of(folder, "second")
    os.kill(running(folder).process.pid, signal.SIGKILL)
    assert within(5, lambda: not is_held(folder.supervisor_lock))
    destroy_local(folder, keep_data=False)
    assert not orphan.alive()
    assert not what_is_there(folder).anything


def test_a_supervisor_whose_folder_is_deleted_stops_its_parts(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    processes = [running(folder).process, *(process_of(folder, name) for name in dummies.names)]
    shutil.rmtree(folder.root)
    assert within(15, lambda: not any(process.alive() for process in processes))


def test_a_state_file_that_was_deleted_is_written_again(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    folder.state.unlink()
    assert running(folder).all_healthy


def test_a_log_that_grew_too_long_is_cut_and_kept_once(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    log = folder.log_of("first")
    with log.open("ab") as file:
        file.write(b"x" * (LOG_LIMIT + 1))
    assert within(10, lambda: log.stat().st_size == 0)
    older = log.with_name("first.log.1")
    assert older.stat().st_size > LOG_LIMIT
    assert older.stat().st_mode & 0o777 == 0o600


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
