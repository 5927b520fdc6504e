"""`logs --trace` on Azure: steps and lines of one trace, from Application Insights' tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.operations.logs_azure import AzureLogs
from anomalyctl.operations.logs_azure_traces import lines_of_azure_trace
from anomalyctl.operations.progress import Silence
from tests.support.azure_environment import AzureEnvironment, open_connections
from tests.support.kql import Workspace

ID = "0af7651916cd43dd8448eb211c80319c"
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
BEGAN = AT.strftime("%Y-%m-%dT%H:%M:%S")


def step(name: str, span_id: str, parent: str, *, at: float, role: str = "functions", **more: Any) -> Any:
    return {
        "TimeGenerated": AT + timedelta(seconds=at),
        "AppRoleName": f"anomalyctl.{role}",
        "OperationId": ID,
        "Id": span_id,
        "ParentId": parent,
        "Name": name,
        "DurationMs": 12.34,
        "Success": True,
        "ResultCode": "0",
        "Properties": {"source": "well-1", "_MS.sampleRate": "5"},
        **more,
    }


def line(message: str, *, at: float, **more: Any) -> Any:
    return {
        "TimeGenerated": AT + timedelta(seconds=at),
        "AppRoleName": "anomalyctl.functions",
        "OperationId": ID,
        "SeverityLevel": 1,
        "Message": message,
        "Properties": {"function": "sweep_readings", "reading_id": "well-1:1"},
        **more,
    }


@pytest.fixture
def traced(azure: AzureEnvironment) -> AzureEnvironment:
    failed: dict[str, Any] = {
        "Success": False,
        "ResultCode": "503",
        "Properties": {"error.type": "timed_out"},
    }
    azure.surface.kept = Workspace(
        rows={
            "AppRequests": [
                step("readings", "a1", "", at=0),
                step("POST /detect/ml", "c3", "b2", at=0.2, role="detectors"),
                step("another", "ff", "", at=0, OperationId="f" * 32),
            ],
            "AppDependencies": [
                step("judge", "b2", "a1", at=0.1),
                step("call", "d4", "b2", at=0.3, **failed),
            ],
            "AppTraces": [
                line("judged", at=0.5),
                line(
                    "bound alone",
                    at=0.6,
                    OperationId="0" * 32,
                    Properties={"trace_id": ID, "trace": "File …"},
                ),
                line("of another", at=0.5, OperationId="f" * 32),
            ],
        }
    )
    return azure


def test_steps_stand_under_what_they_are_part_of_among_the_lines(traced: AzureEnvironment) -> None:
    lines = traced.document("logs", "--trace", ID.upper())
    assert [(one["part"], one["level"], one["message"]) for one in lines] == [
        ("functions", "info", "readings (12.3 ms)"),
        ("functions", "info", "  judge (12.3 ms)"),
        ("detectors", "info", "    POST /detect/ml (12.3 ms)"),
        ("functions", "error", "    call (12.3 ms) failed: timed_out"),
        ("functions", "info", "judged"),
        ("functions", "info", "bound alone"),
    ]
    assert lines[0]["time"] == f"{BEGAN}.000000Z"
    assert lines[0]["fields"] == {
        "source": "well-1",
        "trace_id": ID,
        "span_id": "a1",
        "milliseconds": 12.34,
    }
    assert (lines[4]["function"], lines[4]["fields"]["reading_id"]) == ("sweep_readings", "well-1:1")
    assert lines[5]["trace"] == "File …"
    [asked] = traced.surface.queries
    assert f'let trace = "{ID}";' in asked["query"]
    shown = traced.run("logs", "detectors", "--env", "dev", "--trace", ID)
    assert shown.stdout.split() == [
        "detectors",
        "|",
        f"{AT:%H:%M:%S}.200",
        "POST",
        "/detect/ml",
        "(12.3",
        "ms)",
    ]


def test_a_trace_that_is_not_there_says_where_and_how_far_was_looked(traced: AzureEnvironment) -> None:
    error = traced.document("logs", "--trace", "0" * 31 + "1", expect=1)
    assert "Application Insights" in error["message"]
    assert "--since 90d" in error["hint"] and "One in twenty" in error["hint"]
    workspace = AzureLogs(open_connections(traced))
    with pytest.raises(NotFound):
        lines_of_azure_trace(workspace, ID, back=timedelta(minutes=5))
    with pytest.raises(NotFound, match="in dashboard"):
        lines_of_azure_trace(workspace, ID, part="dashboard")
    traced.surface.kept = Workspace()
    with pytest.raises(NotFound):
        lines_of_azure_trace(workspace, ID)
    with pytest.raises(InvalidInput):
        lines_of_azure_trace(workspace, f'{ID[:-2]}" ')
    workspace.close()


def test_an_answer_that_is_not_whole_is_said(traced: AzureEnvironment) -> None:
    warned: list[str] = []

    class Listening(Silence):
        def warn(self, text: str) -> None:
            warned.append(text)

    traced.surface.partial = {"code": "PartialError", "message": "Query timed out."}
    workspace = AzureLogs(open_connections(traced))
    assert len(lines_of_azure_trace(workspace, ID, progress=Listening())) == 6
    assert warned == ["Not all of the trace: Query timed out."]
    workspace.close()
