"""The batch job as a process of its own: JSON lines, a trace, and the exit code of its failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson

from anomalyctl.errors import InvalidInput

KEYS = {"timestamp", "level", "service", "environment", "message", "run_id"}


def test_it_fits_and_tells_of_it_in_lines_that_belong_to_its_trace(settings: None, tmp_path: Path) -> None:
    traces = tmp_path / "job.traces.jsonl"
    done = _run(ANOMALYCTL_TRACES_FILE=str(traces), ANOMALYCTL_ENV="stage")
    assert done.returncode == 0, done.stderr
    lines = _lines(done.stdout)
    assert {(line["service"], line["environment"]) for line in lines} == {("job", "stage")}
    [told] = [line for line in lines if line["message"].startswith("fitted models of")]
    spans = [orjson.loads(line) for line in traces.read_bytes().splitlines()]
    assert [(span["name"], span["trace_id"]) for span in spans] == [("fit the models", told["trace_id"])]
    assert {span["service"] for span in spans} == {"job"}


def test_without_its_settings_it_says_so_in_one_line(tmp_path: Path) -> None:
    done = _run(FASTAPI_ENDPOINT=None, COSMOS_DB_CONNECTION_STRING=None, REDIS_CONNECTION_STRING=None)
    assert done.returncode == InvalidInput.exit_code
    [line] = _lines(done.stdout)
    assert line["level"] == "error"
    assert "FASTAPI_ENDPOINT" in line["message"]
    assert "Traceback" not in done.stdout + done.stderr


def _run(**changes: str | None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **{name: value for name, value in changes.items() if value is not None}}
    for name in [name for name, value in changes.items() if value is None]:
        environ.pop(name, None)
    command = [sys.executable, "-m", "anomalyctl.pipeline.batch_job"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)


def _lines(text: str) -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in text.splitlines()]
    assert lines
    for line in lines:
        assert set(line) >= KEYS, line
    return lines
