"""`logs --follow --env dev`: each line once, whatever the order, the clocks and the network."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.responses import HTMLResponse, JSONResponse

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.errors import (
    AnomalyctlError,
    PreconditionFailed,
    TimedOut,
    Transient,
    Unreachable,
)
from anomalyctl.operations import logs_azure
from anomalyctl.operations.logs_azure import AzureLogs
from anomalyctl.operations.progress import Silence
from tests.support.azure_environment import AzureEnvironment, open_connections
from tests.support.kql import Workspace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Listening(Silence):
    """What the user is told beside the lines."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Following:
    """`logs --follow` with a clock of its own; between two looks, `then` says what arrives."""

    def __init__(self, azure: AzureEnvironment, *then: Callable[[], None]) -> None:
        progress = Listening()
        self.warnings = progress.warnings
        self._steps = list(then)
        self.looks = 0
        self.workspace = AzureLogs(open_connections(azure), now=lambda: NOW, progress=progress)
        self.workspace._rest._guard._retrying.sleep = lambda _: None
        azure.surface.kept = Workspace(rows={"FunctionAppLogs": []})

    def pause(self, _: float) -> None:
        self.looks += 1
        if not self._steps:
            raise Enough
        self._steps.pop(0)()

    def told(self, *, last: int = 50) -> list[str]:
        hour = timedelta(hours=1)
        before = self.workspace.last("functions", since=hour, errors_only=False, count=last)
        told = [line.message for line in before]
        try:
            for line in self.workspace.follow("functions", errors_only=False, pause=self.pause):
                told.append(line.message)
        except Enough:
            pass
        self.workspace.close()
        return told


class Enough(Exception):
    pass


def written(message: str, *, at: float, arrived: float) -> dict[str, Any]:
    """A line of the functions; both in seconds after noon."""
    return {
        "TimeGenerated": NOW + timedelta(seconds=at),
        "_arrived": NOW + timedelta(seconds=arrived),
        "Level": "Information",
        "FunctionName": "process_readings",
        "Message": message,
    }


def test_followed_lines_come_once_each_also_late_ones_and_those_that_overtake(
    azure: AzureEnvironment,
) -> None:
    def arrives(*lines: dict[str, Any]) -> Callable[[], None]:
        return lambda: azure.surface.kept.rows["FunctionAppLogs"].extend(lines)

    first, second = written("first", at=-60, arrived=-30), written("second", at=5, arrived=8)
    late = written("written before all", at=-600, arrived=9)
    overtaken = written("shown after what arrived later", at=4, arrived=7)
    following = Following(azure, arrives(second), arrives(second, late), arrives(overtaken), arrives())
    azure.surface.kept.rows["FunctionAppLogs"].append(first)
    assert following.told() == ["first", "second", "written before all", "shown after what arrived later"]
    assert following.warnings == []


@pytest.mark.parametrize("ahead_h", [-1, 2])
def test_this_machines_clock_decides_nothing(azure: AzureEnvironment, ahead_h: int) -> None:
    """The workspace's clock is an hour or two off: what comes next is told all the same."""
    offset = -3600 * ahead_h / 20
    earlier = written("before", at=offset - 30, arrived=offset)
    later = written("after", at=offset + 3, arrived=offset + 5)
    following = Following(azure, lambda: azure.surface.kept.rows["FunctionAppLogs"].append(later))
    azure.surface.kept.rows["FunctionAppLogs"].append(earlier)
    assert following.told()[-1] == "after"


def test_following_outlives_a_workspace_that_is_away_for_a_moment_and_says_so(
    azure: AzureEnvironment,
) -> None:
    def away() -> None:
        azure.surface.logs_status = 503

    def back() -> None:
        azure.surface.logs_status = 200
        azure.surface.kept.rows["FunctionAppLogs"].append(written("back again", at=20, arrived=25))

    following = Following(azure, away, back)
    assert following.told() == ["back again"]
    asked_again = [text for text in following.warnings if "Asking again" in text]
    assert len(asked_again) == 1
    never = Following(azure, away, *[lambda: None] * 20)
    with pytest.raises(Transient):
        never.told()
    assert never.looks == 12


def test_a_time_out_does_not_end_it_either(azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    def times_out() -> None:
        def post(*_: Any, **__: Any) -> Any:
            patch.undo()
            raise TimedOut("Azure did not answer in time while asking Log Analytics.")

        patch.setattr(following.workspace._rest, "post", post)
        azure.surface.kept.rows["FunctionAppLogs"].append(written("and on", at=20, arrived=25))

    patch = pytest.MonkeyPatch()
    following = Following(azure, times_out, lambda: None)
    assert following.told() == ["and on"]
    assert "did not answer in time" in following.warnings[-1]


def test_an_hour_without_network_loses_no_line(azure: AzureEnvironment) -> None:
    following = Following(azure)
    moments = iter([NOW, NOW, *[NOW + timedelta(hours=3)] * 9])
    following.workspace._now = lambda: next(moments)
    following._steps = [
        lambda: azure.surface.kept.rows["FunctionAppLogs"].append(written("meanwhile", at=60, arrived=90))
    ]
    assert following.told() == ["meanwhile"]


def test_more_lines_than_fit_into_an_answer_are_said_to_be_missing(
    azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_azure, "MOST_LINES", 3)
    burst = [written(f"line {n}", at=n, arrived=n + 1) for n in range(5)]
    following = Following(azure, lambda: azure.surface.kept.rows["FunctionAppLogs"].extend(burst))
    assert following.told() == ["line 2", "line 3", "line 4"]
    assert any("More than 3 lines of functions" in text for text in following.warnings)


def test_what_goes_wrong_is_said_in_a_sentence(azure: AzureEnvironment) -> None:
    page = HTMLResponse("<html>Sign in to the guest network</html>")
    cases: list[tuple[int, Any, type[AnomalyctlError], str]] = [
        (404, {"code": "WorkspaceNotFoundError", "message": "cannot"}, PreconditionFailed, "not there"),
        (400, {"code": "BadArgumentError", "message": "some properties"}, AzureRefused, "some properties"),
        (200, None, Unreachable, "not Azure: it sent text/html"),
        # A wait that is longer than we ever wait is told at once.
        (429, {"code": "ThrottledError", "message": "too many"}, Transient, "too often"),
    ]
    for status, answer, kind, words in cases:
        following = Following(azure)
        headers = {"Retry-After": "600"}
        azure.surface.logs_answer = JSONResponse({"error": answer}, status, headers) if answer else page
        with pytest.raises(kind) as failed:
            following.told()
        assert words in failed.value.message
    error = azure.document("logs", "functions", expect=10)
    assert "too often" in error["message"] and error["hint"]


def test_ctrl_c_ends_it_also_while_nothing_answers(azure: AzureEnvironment) -> None:
    azure.surface.logs_pause_s = 20.0
    command = [sys.executable, "-m", "anomalyctl", "logs", "--env", "dev", "--follow"]
    running = subprocess.Popen(
        command, env=azure.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "Asking Log Analytics" in line:
            break
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=10)
    assert running.returncode == 130
    assert "Traceback" not in said
