"""Bringing parts up, finding nothing to do, taking them down: on real processes."""

from __future__ import annotations

from typing import Any

from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.ports import load_ports
from anomalyctl.local.probing import trouble
from anomalyctl.local.supervisor import LOG_LIMIT
from anomalyctl.operations.deploy import bring_up
from anomalyctl.operations.destroy import destroy_local, what_is_there


def test_each_part_runs_and_is_well_when_deploy_returns(folder: LocalFolder, dummies: Any) -> None:
    deployment = bring_up(folder, dummies.blueprint())
    assert deployment.outcome == "started"
    assert [part.name for part in deployment.parts] == ["first", "second"]
    for part in dummies.build(load_ports(folder), None):
        assert trouble(part.probe) is None
    assert dummies.prepared == ["first"]


def test_a_second_deploy_changes_nothing(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    before = dummies.running()
    again = bring_up(folder, dummies.blueprint())
    assert again.outcome == "unchanged"
    assert again.took_s < 2
    assert dummies.running() == before
    assert dummies.prepared == ["first"]


def test_all_that_is_written_is_for_its_owner_alone(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    assert folder.root.stat().st_mode & 0o777 == 0o700
    for path in folder.root.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_other_settings_start_the_parts_again(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    before = dummies.process_of("first")
    dummies.version = "2"
    assert bring_up(folder, dummies.blueprint()).outcome == "restarted"
    assert not before.alive()


def test_stopping_asks_each_part_the_last_first(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    supervisor = dummies.running().process
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
    stubborn = dummies.process_of("second")
    destroy_local(folder, keep_data=False)
    assert not stubborn.alive()


def test_destroy_deletes_the_data_and_says_when_there_is_none(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    assert destroy_local(folder, keep_data=False).data == "deleted"
    assert not what_is_there(folder).anything
    again = destroy_local(folder, keep_data=False)
    assert (again.stopped, again.data) == (False, "none")


def test_a_log_that_grew_too_long_is_cut_and_kept_once(folder: LocalFolder, dummies: Any) -> None:
    bring_up(folder, dummies.blueprint())
    log = folder.log_of("first")
    with log.open("ab") as file:
        file.write(b"x" * (LOG_LIMIT + 1))
    assert dummies.within(10, lambda: log.stat().st_size == 0)
    older = log.with_name("first.log.1")
    assert older.stat().st_size > LOG_LIMIT
    assert older.stat().st_mode & 0o777 == 0o600
