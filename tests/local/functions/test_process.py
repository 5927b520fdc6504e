"""The host as a process: its health, its log, its end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port

Poll = Callable[[float, Callable[[], Any]], bool]
OFTEN = {"type": "timerTrigger", "name": "timer", "schedule": "* * * * * *", "runOnStartup": True}
TOKEN = "a-secret-of-this-test"


@pytest.fixture
def port() -> int:
    return free_port()


def start(app: Any, port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "anomalyctl.local.functions", "--root", str(app.root)],
            env={**os.environ, "FUNCTION_HOST_PORT": str(port), "FUNCTION_HOST_TOKEN": TOKEN},
            stdout=output,
            stderr=output,
        )


def health(port: int, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except ConnectionRefusedError:
        return 0, {}
    finally:
        connection.close()


def by_name(port: int) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in health(port)[1]["functions"]}


def test_health_tells_each_function_and_the_log_names_it(
    app: Any, port: int, within: Poll, tmp_path: Path
) -> None:
    app.function("good", OFTEN, "note('ran')")
    app.function("bad", OFTEN, "raise RuntimeError('because')")
    log = tmp_path / "log"
    process = start(app, port, log)
    try:
        assert within(20, lambda: len(app.noted()) > 0 and health(port)[0] == 200)
        assert within(
            5, lambda: {one["name"]: one["failures"] for one in health(port)[1]["functions"]}["bad"]
        )
        report = {one["name"]: one for one in health(port)[1]["functions"]}
        assert report["good"]["successes"] >= 1
        assert report["good"]["last_error"] is None
        assert report["bad"]["last_error"] == "RuntimeError: because"
        assert health(port, token="guess")[0] == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    failed = [line for line in lines if line.get("error") == "RuntimeError: because"]
    assert failed
    assert failed[0]["function"] == "bad"
    assert failed[0]["level"] == "error"
    assert lines[-1]["message"] == "the function host has stopped"


def test_a_call_under_way_may_end_when_the_host_is_asked_to(
    app: Any, port: int, within: Poll, tmp_path: Path
) -> None:
    body = (
        "import atexit, threading\nended = threading.Event()\natexit.register(ended.set)\n"
        "note('begun')\nended.wait(60)\nnote('ended')"
    )
    app.function("long", OFTEN, body)
    process = start(app, port, tmp_path / "log")
    try:
        assert within(20, lambda: app.noted() == ["begun"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert app.noted() == ["begun", "ended"]
    finally:
        process.kill()
        process.wait()


def test_a_function_that_cannot_be_run_is_told_in_one_line(app: Any, port: int, tmp_path: Path) -> None:
    app.function("broken", {**OFTEN, "type": "queueTrigger"}, "pass")
    log = tmp_path / "log"
    assert start(app, port, log).wait(20) == 64
    said = log.read_text()
    assert "broken" in said
    assert "queueTrigger" in said
    assert "Traceback" not in said
