"""What is killed, deleted or taken away is brought back, by the supervisor or by the next deploy."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from typing import Any

import pytest

from anomalyctl.errors import NotDeployed
from anomalyctl.local import control
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import is_held
from anomalyctl.local.ports import ensure_ports, is_free, load_ports
from anomalyctl.local.secrets_file import ensure_secrets
from anomalyctl.operations.deploy import bring_up
from anomalyctl.operations.destroy import destroy_local, what_is_there
from anomalyctl.operations.status import read_status


def test_a_part_that_is_killed_comes_back_and_status_counts_it(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    victim = dummies.process_of("second")
    os.kill(victim.pid, signal.SIGKILL)
    assert dummies.within(15, lambda: dummies.is_well("second", not_=victim))
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
    orphans = [dummies.process_of(name) for name in dummies.names]
    before = dummies.running()
    os.kill(before.process.pid, signal.SIGKILL)
    assert dummies.within(5, lambda: not any(orphan.alive() for orphan in orphans))
    with pytest.raises(NotDeployed, match="its supervisor ended"):
        read_status(folder)
    again = bring_up(folder, dummies.blueprint())
    assert again.outcome == "started"
    assert dummies.running().process != before.process


def test_parts_that_outlived_their_supervisor_are_ended_by_the_next_deploy(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dummies.stubborn.add("second")  # deaf to the parent-death signal
    bring_up(folder, dummies.blueprint())
    orphan = dummies.process_of("second")
    os.kill(dummies.running().process.pid, signal.SIGKILL)
    assert dummies.within(5, lambda: not is_held(folder.supervisor_lock))
    assert orphan.alive()
    monkeypatch.setattr(control, "_ORPHAN_S", 0.3)
    ports = load_ports(folder)
    dummies.stubborn.clear()
    assert bring_up(folder, dummies.blueprint()).outcome == "started"
    assert not orphan.alive()
    assert load_ports(folder) == ports, "what an orphan of ours held is free again"


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
    supervisor = dummies.running().process
    os.kill(supervisor.pid, signal.SIGSTOP)  # so that it is not faster than the one that takes the port
    victim = dummies.process_of("second")
    os.kill(victim.pid, signal.SIGKILL)
    assert dummies.within(5, lambda: is_free(port))
    with socket.create_server(("127.0.0.1", port)):
        os.kill(supervisor.pid, signal.SIGCONT)
        assert dummies.within(
            5, lambda: "taken" in (dummies.running().part("second") or pytest.fail()).detail
        )
        assert "taken by another program" in read_status(folder).parts[1].detail
        assert bring_up(folder, dummies.blueprint()).outcome == "restarted"
    assert load_ports(folder)["second"] != port


def test_a_failing_part_of_a_running_environment_leaves_the_others_alone(
    folder: LocalFolder, dummies: Any
) -> None:
    bring_up(folder, dummies.blueprint())
    first = dummies.process_of("first")
    dummies.sick("second").touch()
    assert dummies.within(10, lambda: not dummies.is_well("second"))
    dummies.sick("second").unlink()
    assert bring_up(folder, dummies.blueprint()).outcome in ("healed", "unchanged")
    assert dummies.process_of("first") == first


def test_destroy_cleans_up_behind_a_killed_supervisor(
    folder: LocalFolder, dummies: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_ORPHAN_S", 0.3)
    dummies.stubborn.add("second")
    bring_up(folder, dummies.blueprint())
    orphan = dummies.process_of("second")
    os.kill(dummies.running().process.pid, signal.SIGKILL)
    assert dummies.within(5, lambda: not is_held(folder.supervisor_lock))
    destroy_local(folder, keep_data=False)
    assert not orphan.alive()
    assert not what_is_there(folder).anything


def test_a_supervisor_whose_folder_is_deleted_stops_its_parts(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    processes = [dummies.running().process, *(dummies.process_of(name) for name in dummies.names)]
    shutil.rmtree(folder.root)
    assert dummies.within(15, lambda: not any(process.alive() for process in processes))


def test_a_state_file_that_was_deleted_is_written_again(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    folder.state.unlink()
    assert dummies.running().all_healthy


def test_what_a_killed_deploy_left_undone_is_done_by_the_next(folder: LocalFolder, dummies: Any) -> None:
    folder.prepare()
    secrets = ensure_secrets(folder)
    ports, _ = ensure_ports(folder, dummies.names)
    control.start_supervisor(folder, dummies.build(ports, secrets))
    assert dummies.prepared == []
    assert bring_up(folder, dummies.blueprint()).outcome in ("healed", "unchanged")
    assert dummies.prepared == ["first"]
    assert dummies.running().all_healthy
