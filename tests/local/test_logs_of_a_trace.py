"""From an anomaly to its trace, on the real parts: steps of functions and detectors, joined."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from anomalyctl.local.environment import connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.observability.names import NAMES
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from tests.support.command_line import CommandLine

_WITHIN_S = 60.0
BROKEN_MS = 1_700_000_000_000


@pytest.fixture(scope="module")
def anomalyctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """An environment that has judged a fault (~15 s)."""
    run = CommandLine(tmp_path_factory.mktemp("project"), ANOMALYCTL_NO_DASHBOARD="1")
    try:
        assert run("deploy").returncode == 0
        fault = "level-shift:INJECTION_PRESSURE@90m+20m"
        assert run("simulate", "--backfill", "2h", "--fault", fault, "--seed", "3").returncode == 0
        _queue_a_broken_one(run)
        yield run
    finally:
        run("destroy", "--yes")


def _queue_a_broken_one(run: CommandLine) -> None:
    folder = LocalFolder(run.root / ".anomalyctl" / "local")
    secrets = load_secrets(folder)
    assert secrets is not None
    store = ReadingStore(connect_redis(connections(load_ports(folder), secrets).redis_connection_string))
    payload = b'{"timestamp": "%s"}' % format_time(from_epoch_ms(BROKEN_MS)).encode()
    store.append("well-1", [(BROKEN_MS, payload)], origin="live")


def test_an_anomaly_leads_to_its_trace(anomalyctl: CommandLine) -> None:
    [anomaly] = _until(lambda: anomalyctl.document("anomalies", "list"))
    shown = anomalyctl.document("anomalies", "show", anomaly["anomaly_id"])
    trace_id = shown["trace_id"]
    assert len(trace_id) == 32
    # Spans are written in batches, some seconds later.
    lines = _until(lambda: _lines(anomalyctl, trace_id))
    names = [line["message"].strip().split(" (")[0] for line in lines]
    for step in ("readings", "wait in the queue", "POST /detect/ml", "judge", "fuse", "store the verdicts"):
        assert step in names, step
    assert {line["part"] for line in lines} == {"functions", "detectors"}
    assert {line["fields"]["trace_id"] for line in lines} == {trace_id}
    assert anomaly["source"] in {line["fields"].get("source") for line in lines}


def test_every_line_of_our_parts_is_json_and_says_who(anomalyctl: CommandLine) -> None:
    for part in ("cosmos", "functions", "detectors"):
        lines = _log(anomalyctl, part)
        assert lines, part
        for line in lines:
            assert {"timestamp", "level", "service", "environment", "message"} <= set(line)
            assert (line["service"], line["environment"]) == (part, "local")


def test_lines_about_readings_name_them_and_the_run_of_the_function(anomalyctl: CommandLine) -> None:
    letters = _until(lambda: anomalyctl.document("dead-letters", "list"))
    [told] = [line for line in _log(anomalyctl, "functions") if "became dead letters" in line["message"]]
    assert told["letter_id"] == letters[0]["id"]
    assert (told["source"], told["reading_id"]) == ("well-1", f"well-1:{BROKEN_MS}")
    assert len(str(told["run_id"])) == 16
    judged = [line for line in _log(anomalyctl, "functions") if line["message"].startswith("judged ")]
    assert judged
    assert all(line["run_id"] for line in judged)


def test_every_figure_that_an_alert_asks_for_is_told_from_the_start(anomalyctl: CommandLine) -> None:
    """With its kind, and in the unit that its name says; the first clean-up comes minutes later."""
    told = _until(lambda: _metrics(anomalyctl))
    for name in ("queue_lag_seconds", "seconds_since_reading", "queue_lag_readings", "dead_letters"):
        assert f"# TYPE {name} gauge" in told, name
        assert any(line.startswith((f"{name} ", f"{name}{{")) for line in told.splitlines()), name
    for name in ("readings", "verdict_latency_seconds_count"):
        assert f"# TYPE {name} counter" in told, name
    for tier in ("heuristic", "statistical", "ml"):
        assert f'breaker_open{{name="{tier} detector"}} 0' in told
    assert "dead_letters 1" in told.splitlines()
    assert {name.unit for name in NAMES if name.name.endswith("_seconds")} == {"s"}


@pytest.mark.parametrize(
    ("arguments", "code"), [(["abc"], 64), (["0" * 32], None), (["0" * 32, "--follow"], 64)]
)
def test_what_is_no_trace_is_refused(anomalyctl: CommandLine, arguments: list[str], code: int | None) -> None:
    done = anomalyctl("logs", "--trace", *arguments)
    assert done.returncode == code if code else done.returncode != 0
    assert "Traceback" not in done.stderr


def _log(anomalyctl: CommandLine, part: str) -> list[dict[str, Any]]:
    path = anomalyctl.root / ".anomalyctl" / "local" / "logs" / f"{part}.log"
    return [json.loads(line) for line in path.read_text().splitlines()]


def _metrics(anomalyctl: CommandLine) -> str:
    folder = LocalFolder(anomalyctl.root / ".anomalyctl" / "local")
    secrets = load_secrets(folder)
    assert secrets is not None
    answer = httpx.get(
        f"http://127.0.0.1:{load_ports(folder)['functions']}/metrics",
        headers={"authorization": f"Bearer {secrets.function_host_token}"},
        trust_env=False,
    )
    return answer.text if "dead_letters 1" in answer.text else ""


def _lines(anomalyctl: CommandLine, trace_id: str) -> list[dict[str, Any]]:
    done = anomalyctl("logs", "--trace", trace_id, "--output", "json")
    lines = json.loads(done.stdout) if done.returncode == 0 else []
    both = {line["part"] for line in lines} == {"functions", "detectors"}
    return lines if both and any(line["message"].startswith("readings ") for line in lines) else []


def _until(found: Any) -> Any:
    deadline = time.monotonic() + _WITHIN_S
    while not (answer := found()):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.5)
    return answer
