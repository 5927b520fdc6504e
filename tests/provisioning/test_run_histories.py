"""What the ledger tells of runs: how each ended, and how long resources usually take."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import (
    Declined,
    Locked,
    NotFound,
)
from anomalyctl.processes.identity import identify
from anomalyctl.provisioning.durations import usual_durations
from anomalyctl.provisioning.events import (
    ResourceEvent,
)
from anomalyctl.provisioning.ledger import without_secrets
from anomalyctl.provisioning.progression import Progression
from anomalyctl.provisioning.run_ids import correlation_id, new_run_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_ledger_tells_how_each_run_ended(ledger):
    with ledger.run("plan", "dev", ["plan", "--env", "dev"]) as first:
        first.note("plan", counts={"create": 1})
    with pytest.raises(Declined), ledger.run("apply", "dev"):
        raise Declined("no")
    with pytest.raises(Locked), ledger.run("apply", "dev"):
        raise Locked("held")
    with pytest.raises(KeyboardInterrupt), ledger.run("apply", "dev"):
        raise KeyboardInterrupt
    assert [(run.outcome, run.exit_code) for run in ledger.runs()] == [
        ("done", 0),
        ("declined", 3),
        ("failed", 5),
        ("interrupted", 1),
    ]
    assert ledger.named("@latest").outcome == "interrupted"
    with pytest.raises(NotFound):
        ledger.named("ZZZ")
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700


def test_a_run_without_an_end_died_unless_it_lives(ledger):
    with ledger.run("apply", "dev") as run:
        assert ledger.runs()[0].outcome == "running"
        assert identify(os.getpid()) in ledger.runs()[0].processes
        lines = ledger.path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 2147483646')
        ledger.path.write_text(lines + "not json\n")
        assert ledger.runs()[0].outcome == "died"
        assert run.id


def test_a_command_line_is_kept_without_its_secrets():
    assert without_secrets(
        ["deploy", "--var", "a=hunter2", "--var=b=hunter2", "--api-key=x", "--env", "dev"]
    ) == [
        "deploy",
        "--var",
        "a=(secret)",
        "--var=b=(secret)",
        "--api-key=(secret)",
        "--env",
        "dev",
    ]


def test_a_run_id_sorts_by_time_and_is_a_uuid_for_azure():
    first, second = new_run_id(NOW), new_run_id(NOW + timedelta(milliseconds=1))
    assert len(first) == 26
    assert first < second
    assert correlation_id(first) != correlation_id(second)
    assert correlation_id("00000000000000000000000001") == "00000000-0000-0000-0000-000000000001"


def moved(address, phase, action="create", elapsed=0.0):
    return ResourceEvent(address, action, phase, elapsed, address.split(".")[0])


def test_a_progression_knows_what_is_in_flight_and_how_long_it_usually_takes(ledger):
    for seconds in (10.0, 30.0, 20.0):
        with ledger.run("apply", "dev") as run:
            run.note("resource", resource_type="azurerm_redis", action="create", elapsed_s=seconds)
    usual = usual_durations(ledger.runs())
    assert usual == {("azurerm_redis", "create"): 20.0}
    progression = Progression(usual)
    assert progression.take(moved("azurerm_redis.a", "start"), 5.0).usual_s == 20.0
    assert progression.take(moved("azurerm_redis.a", "progress", elapsed=10), 15.0) is None
    assert [one.began for one in progression.in_flight] == [5.0]
    assert progression.take(moved("azurerm_redis.a", "complete", elapsed=12), 17.0).took_s == 12
    progression.take(moved("azurerm_redis.b", "start"), 5.0)
    progression.take(moved("azurerm_redis.b", "errored", elapsed=1), 6.0)
    assert [one.address for one in progression.failed] == ["azurerm_redis.b"]
    assert progression.in_flight == ()
