"""`status --env dev`: each part, what waits, and figures beside the thresholds that were deployed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console
from rich.theme import Theme

from anomalyctl.cli.console import STYLES
from anomalyctl.cli.views.status import status_view
from anomalyctl.operations.rollout.journal import Journal as RolloutJournal
from anomalyctl.operations.rollout.journal import Rollout
from anomalyctl.operations.status import EnvironmentStatus
from anomalyctl.operations.status_azure import read_azure_status
from tests.support.azure_environment import AzureEnvironment, open_connections
from tests.support.azure_surface import app_document
from tests.support.kql import Workspace

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=10)


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
    assert [*figures] == [
        *("queue-lag", "cosmos-throttled", "redis-memory"),
        *("dead-letters", "failures", "model-retirement", "tiers-missing", "daily-report"),
    ]
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


def test_what_the_alerts_ask_the_logs_is_asked_over_their_windows_and_compared(
    azure: AzureEnvironment,
) -> None:
    azure.surface.host = {}
    azure.surface.kept = Workspace(
        now=NOW,
        rows={
            "AppTraces": [
                {"TimeGenerated": NOW - timedelta(minutes=14), "Message": judged(refused=12)},
                {"TimeGenerated": NOW - timedelta(minutes=16), "Message": judged(refused=500)},
                {
                    "TimeGenerated": NOW - timedelta(minutes=2),
                    "Message": "well-1: judged without the ml tier",
                },
                {"TimeGenerated": EARLIER, "_arrived": EARLIER, "Message": "daily report: dev: a quiet day"},
            ]
        },
    )
    status = read_azure_status(open_connections(azure), now=NOW)
    found = {one.name: one for one in status.figures}
    assert (found["dead-letters"].state, found["dead-letters"].value) == ("beyond", 12.0)
    assert (found["tiers-missing"].state, found["tiers-missing"].value) == ("within", 1.0)
    assert (found["model-retirement"].state, found["model-retirement"].window) == ("within", "P1D")
    assert (found["daily-report"].state, found["daily-report"].value) == ("notice", 1.0)
    assert (found["failures"].state, found["failures"].detail) == (
        "no value",
        "nothing was ever written to AppRequests",
    )
    spans = {one["query"]: one["timespan"] for one in azure.surface.queries}
    [asked] = [span for query, span in spans.items() if "near = countif" in query]
    assert asked == "2026-11-20T10:00:00.000000Z/2026-11-21T10:00:00.000000Z"
    assert "failures: nothing was ever written to AppRequests" in in_words(status)


def test_logs_that_this_identity_may_not_read_leave_the_rest_told(azure: AzureEnvironment) -> None:
    azure.surface.refuse_logs = True
    azure.surface.metrics = {"usedmemorypercentage": [{"timeStamp": "2026-11-21T10:00:00Z", "maximum": 12.0}]}
    status = read_azure_status(open_connections(azure))
    found = {one.name: one for one in status.figures}
    assert found["redis-memory"].state == "within"
    assert {found[name].state for name in ("dead-letters", "failures", "daily-report")} == {"not told"}
    assert "Log Analytics Reader" in found["dead-letters"].detail
    assert in_words(status).count("Log Analytics Reader") == 1


def test_a_rollout_that_was_begun_elsewhere_is_told_with_the_next_step(azure: AzureEnvironment) -> None:
    azure.surface.app = app_document(
        {"revisionName": "ca--1", "weight": 90, "label": "before"}, {"revisionName": "ca--2", "weight": 10}
    )
    [one] = read_azure_status(open_connections(azure)).unended
    assert one.what == "rollout" and "90 % to ca--1, 10 % to ca--2" in one.message
    assert "anomalyctl rollback --env dev" in one.next_step


def test_a_restore_that_was_begun_elsewhere_is_told_by_the_account_beside(azure: AzureEnvironment) -> None:
    about = {"restoreParameters": {"restoreTimestampInUtc": "2026-11-20T09:30:00Z"}}
    restored = {"name": "cosno-dev-r1a2b", "properties": about}
    azure.surface.accounts = [{"name": "cosno-dev"}, restored, {"name": "another", "properties": about}]
    [one] = read_azure_status(open_connections(azure)).unended
    assert one.what == "restore" and "Beside cosno-dev stands cosno-dev-r1a2b" in one.message
    azure.surface.accounts = [{"name": "cosno-dev"}, {"name": "another"}]
    assert read_azure_status(open_connections(azure)).unended == ()


def test_what_was_begun_here_is_told_once_and_with_how_far_it_came(azure: AzureEnvironment) -> None:
    state = azure.root / ".anomalyctl" / "dev"
    azure.surface.app = app_document({"revisionName": "ca--1", "weight": 100, "label": "before"})
    rollout = Rollout("R", "/app", "ca--1", "cr/detectors:old", "cr/detectors:new", 10)
    RolloutJournal(state / "rollout.json").write(rollout, "split")
    (state / "restore.json").write_text("spoilt")
    rolled, spoilt = read_azure_status(open_connections(azure)).unended
    assert "cr/detectors:new is not ended (split)" in rolled.message and "--image new" in rolled.next_step
    assert spoilt.what == "unknown" and "cannot be read as a restore" in spoilt.message


def test_whoever_may_not_look_is_told_that_nobody_could_tell(azure: AzureEnvironment) -> None:
    azure.surface.app = {}
    status = read_azure_status(open_connections(azure))
    [one] = status.unended
    assert one.what == "unknown" and one.message.startswith("Whether anything is under way cannot be told")
    assert one.message in in_words(status)


def test_nothing_is_imported_by_the_threads_that_ask_side_by_side(described: AzureEnvironment) -> None:
    """Two that import packages of Azure's at once may lock each other out, now and then."""
    ran = subprocess.run(
        [sys.executable, "-c", IMPORTS], env=described.environ(), capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["healthy", "healthy", "healthy", "healthy", "healthy"]


IMPORTS = """
import sys
from anomalyctl.operations import status_azure
from anomalyctl.operations.connecting import connect

side_by_side = status_azure.side_by_side

def watched(ask, several):
    before = set(sys.modules)
    found = side_by_side(ask, several)
    late = {one for one in set(sys.modules) - before if one.startswith(("anomalyctl.", "azure.", "redis."))}
    late -= {one for one in late if one.startswith("azure.core.rest._")}  # leaves, of what is there already
    print(*sorted(late))
    return found

status_azure.side_by_side = watched
print(*(part.health for part in status_azure.read_azure_status(connect("dev")).parts))
"""


def judged(refused: int) -> str:
    return f"judged 20 readings in 0.2 s: 0 anomalous, 0 late, 0 repeated, {refused} refused, 0 models"


def in_words(status: EnvironmentStatus) -> str:
    console = Console(width=400, theme=Theme(STYLES))
    with console.capture() as captured:
        console.print(status_view(status))
    return captured.get()


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
    described.surface.metrics_pause_s = 0.0
    assert running.returncode == 130
    assert "Traceback" not in said
