"""From an anomaly to its trace, on the real parts: steps of functions and detectors, joined."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.command_line import CommandLine

_WITHIN_S = 60.0


@pytest.fixture(scope="module")
def anomalyctl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """An environment that has judged a fault (~15 s)."""
    run = CommandLine(tmp_path_factory.mktemp("project"), ANOMALYCTL_NO_DASHBOARD="1")
    try:
        assert run("deploy").returncode == 0
        fault = "level-shift:INJECTION_PRESSURE@90m+20m"
        assert run("simulate", "--backfill", "2h", "--fault", fault, "--seed", "3").returncode == 0
        yield run
    finally:
        run("destroy", "--yes")


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


def test_every_line_of_our_services_is_json_and_says_who(anomalyctl: CommandLine) -> None:
    for part in ("functions", "detectors"):
        path = anomalyctl.root / ".anomalyctl" / "local" / "logs" / f"{part}.log"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert lines
        for line in lines:
            assert {"timestamp", "level", "service", "environment", "message"} <= set(line)
            assert (line["service"], line["environment"]) == (part, "local")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["abc"], 64), (["0" * 32], None), (["0" * 32, "--follow"], 64)]
)
def test_what_is_no_trace_is_refused(anomalyctl: CommandLine, arguments: list[str], code: int | None) -> None:
    done = anomalyctl("logs", "--trace", *arguments)
    assert done.returncode == code if code else done.returncode != 0
    assert "Traceback" not in done.stderr


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
