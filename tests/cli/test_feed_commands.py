"""`simulate` and `ingest` as people call them, on a real Valkey behind a project of the test's own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.environments import environment_named
from anomalyctl.local.environment import LocalConnections
from anomalyctl.operations import connecting, connections
from anomalyctl.operations import simulate as simulate_operation
from anomalyctl.operations.simulation_labels import read_labels
from anomalyctl.project import Project

CHECKOUT = Path(__file__).parents[2]
Run = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path, valkey: Any, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose environments are all reachable, at the test's Valkey."""
    shutil.copytree(CHECKOUT / "terraform" / "environments", tmp_path / "terraform" / "environments")
    project = Project(root=tmp_path, state=tmp_path / ".anomalyctl")

    def connect(name: str, **_: Any) -> connections.Connections:
        addresses = LocalConnections(valkey.connection_string, "", "http://127.0.0.1:1", "")
        return connections.LocalConnections(project, environment_named(project, name), addresses)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(connecting, "connect", connect)
    return project


def test_a_backfill_prints_one_document_with_its_count_and_its_faults(
    anomalyctl: Run, project: Project
) -> None:
    fault = "level-shift:INJECTION_PRESSURE@10m+5mx12"
    ended = anomalyctl("simulate", "--backfill", "30m", "--seed", "7", "--fault", fault, "--output", "json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert document["readings"] == 180 and document["source"] == "well-1" and document["seed"] == 7
    assert document["missed_ticks"] == 0 and document["interrupted"] is False
    [label] = document["faults"]
    assert (label["kind"], label["tag"], label["size"]) == ("level-shift", "INJECTION_PRESSURE", 12.0)
    assert document["from"] < label["from"] < label["to"] < document["to"]
    [kept] = read_labels(project.state, "local")
    assert kept["faults"] == document["faults"] and kept["environment"] == "local"


def test_ctrl_c_shows_the_summary_and_exits_with_130(
    anomalyctl: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Any) -> None:
        self._send_next(3)
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate_operation.Simulation, "_run_live", interrupt)
    ended = anomalyctl("simulate", "--rate", "10s", "--output", "json")
    assert ended.code == 130
    document = json.loads(ended.out)
    assert document["readings"] == 3 and document["interrupted"] is True
    ended = anomalyctl("simulate", "--rate", "10s")
    assert ended.code == 130 and "Interrupted" in ended.out and "3 readings" in ended.out


@pytest.mark.parametrize("verb", [("simulate", "--backfill", "5m"), ("ingest", "-")])
def test_a_protected_environment_is_refused_without_its_name(
    anomalyctl: Run, project: Project, redis_client: Any, verb: tuple[str, ...]
) -> None:
    ended = anomalyctl(*verb, "--env", "prod")
    assert ended.code == 9 and "--confirm prod" in ended.err
    assert anomalyctl(*verb, "--env", "prod", "--confirm", "local").code == 64
    assert redis_client.keys() == []


def test_a_protected_environment_takes_readings_that_are_meant_and_marks_them(
    anomalyctl: Run, project: Project, redis_client: Any
) -> None:
    ended = anomalyctl("simulate", "--backfill", "5m", "--env", "prod", "--confirm", "prod")
    assert ended.code == 0, ended.err
    assert {fields[b"origin"] for _, fields in redis_client.xrange("telemetry:readings")} == {b"simulated"}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--rate", "10"), "--rate"),
        (("--start", "soon"), "--start"),
        (("--fault", "spkie:CO2_FLOW_RATE@5m"), "spike"),
        (("--fault", "spike:CO2_FLOW@1m"), "CO2_FLOW_RATE"),
        (("--speed", "fast"), "--speed"),
        (("--source", "Well 1"), "source"),
        (("--count", "1", "--duration", "5m"), "--count"),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_sent(
    anomalyctl: Run, project: Project, redis_client: Any, arguments: tuple[str, ...], named: str
) -> None:
    ended = anomalyctl("simulate", "--backfill", "5m", *arguments)
    assert ended.code == 64 and named in ended.err
    assert redis_client.keys() == []


def test_an_environment_that_does_not_run_is_said_so(
    anomalyctl: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(CHECKOUT / "terraform" / "environments", tmp_path / "terraform" / "environments")
    monkeypatch.chdir(tmp_path)
    ended = anomalyctl("simulate", "--backfill", "5m", "--output", "json")
    assert ended.code == 6 and ended.out == ""
    assert json.loads(ended.err)["error"]["code"] == "not_deployed"


def test_a_recording_with_its_tags_is_ingested_and_refused_rows_make_it_partly_done(
    anomalyctl: Run, project: Project, redis_client: Any
) -> None:
    Path("loop.csv").write_text("datetime;FLOW;label\n2020-03-09 10:34:33;32.0;0\n2020-03-09 10:34:34;x;0\n")
    Path("tags.toml").write_text("[tags.FLOW]\nunit = 'L/min'\n")
    ended = anomalyctl(
        *("ingest", "loop.csv", "--source", "loop", "--tags", "tags.toml", "--time", "datetime"),
        *("--ignore", "label", "--separator", ";", "--output", "json"),
    )
    assert ended.code == 7
    document = json.loads(ended.out)
    assert document["readings"] == 1 and document["from"] == "2020-03-09T10:34:33.000000Z"
    assert document["refusals"] == [
        {"file": "loop.csv", "line": 3, "field": "FLOW", "reason": "FLOW: 'x' is not a number"}
    ]
    assert json.loads(ended.err.splitlines()[-1])["error"]["code"] == "partly_done"
    assert redis_client.exists("telemetry:tags:loop")


def test_a_recording_without_a_good_row_ends_with_64_and_the_reason(
    anomalyctl: Run, project: Project, redis_client: Any
) -> None:
    Path("loop.csv").write_text("datetime,FLOW\n2020-03-09 10:34:33,32.0\n")
    ended = anomalyctl("ingest", "loop.csv", "--source", "loop")
    assert ended.code == 64 and "CO2_FLOW_RATE" in ended.err and "--tags" in ended.err
    assert anomalyctl("ingest", "nothing.csv").code == 1
    assert redis_client.keys() == []
