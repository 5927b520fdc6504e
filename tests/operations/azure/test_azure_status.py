"""`status --env dev`: each part, what waits, and figures beside the thresholds that were deployed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from anomalyctl.operations.status_azure import read_azure_status
from tests.support.azure_environment import AzureEnvironment, open_connections


@pytest.fixture
def described(azure: AzureEnvironment) -> AzureEnvironment:
    """With a database, and a value for each figure but one."""
    azure.create_database()
    azure.surface.metrics = {
        "usedmemorypercentage": [
            {"timeStamp": "2026-11-21T10:00:00Z", "maximum": 12.0},
            {"timeStamp": "2026-11-21T10:15:00Z", "maximum": 95.5},
            {"timeStamp": "2026-11-21T10:30:00Z"},
        ],
        "NormalizedRUConsumption": [{"timeStamp": "2026-11-21T10:00:00Z", "maximum": 40.0}],
    }
    return azure


def test_status_tells_parts_backlog_and_figures(described: AzureEnvironment) -> None:
    described.document("simulate", "--count", "2", "--rate", "1s", "--confirm", "dev")
    status = described.document("status", expect=1)
    assert {part["name"]: part["health"] for part in status["parts"]} == {
        "redis": "healthy",
        "cosmos": "healthy",
        "detectors": "healthy",
        "functions": "healthy",
        "dashboard": "healthy",
    }
    assert (status["queued"], status["open_episodes"], status["serial"]) == (2, 0, 1)
    figures = {one["name"]: one for one in status["figures"]}
    assert [one["name"] for one in status["figures"]] == ["queue-lag", "cosmos-throttled", "redis-memory"]
    assert (figures["redis-memory"]["state"], figures["redis-memory"]["value"]) == ("beyond", 95.5)
    assert figures["cosmos-throttled"]["state"] == "within"
    assert figures["queue-lag"]["state"] == "no value"
    asked = described.surface.metric_requests[0]
    assert asked["aggregation"] in {"Maximum", "Minimum"} and asked["interval"] == "PT15M"

    shown = described.run("status", "--env", "dev")
    assert "redis-memory" in shown.stdout and "> 90" in shown.stdout
    assert shown.returncode == 1


def test_a_part_that_is_away_says_why_and_the_others_are_told(described: AzureEnvironment) -> None:
    described.redis.roles.clear()
    described.cosmos.behind_firewall = True
    described.surface.dashboard = (404, {})
    described.surface.host["functions"] = []
    described.surface.metrics["usedmemorypercentage"] = []
    status = described.document("status", expect=1)
    told: dict[str, Any] = {part["name"]: (part["health"], part["detail"]) for part in status["parts"]}
    assert told["redis"][0] == "unwell" and "operator_object_ids" in told["redis"][1]
    assert told["cosmos"][0] == "no-way-in" and "operator_ip_addresses" in told["cosmos"][1]
    assert told["detectors"][0] == "healthy"
    assert told["functions"][0] == "not-published"
    assert told["dashboard"][0] == "not-published"
    assert status["queued"] is None and status["open_episodes"] is None
    assert {one["name"]: one["state"] for one in status["figures"]}["redis-memory"] == "no value"


@pytest.mark.parametrize(
    ("host", "page", "health", "words"),
    [
        ({"state": "Error", "functions": ["a"], "errors": ["no module x"]}, 200, "unwell", "no module x"),
        ({"state": "Running", "functions": []}, 200, "not-published", "no function"),
        ({}, 200, "healthy", ""),
        ({}, 503, "not-published", "503"),
        ({}, 403, "no-way-in", "operator_ip_addresses"),
    ],
)
def test_the_functions_host_is_told_by_resource_manager_or_by_its_page(
    azure: AzureEnvironment, host: dict[str, Any], page: int, health: str, words: str
) -> None:
    azure.surface.host, azure.surface.functions = host, (page, "")
    status = read_azure_status(open_connections(azure), figures=False)
    [functions] = [part for part in status.parts if part.name == "functions"]
    assert functions.health == health
    assert words in functions.detail


def test_ctrl_c_ends_it_while_azure_monitor_thinks(described: AzureEnvironment) -> None:
    described.surface.metrics_pause_s = 30.0
    running = subprocess.Popen(
        [sys.executable, "-m", "anomalyctl", "status", "--env", "dev"],
        env=described.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not described.surface.metrics_waiting:
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=10)
    assert running.returncode == 130
    assert "Traceback" not in said
