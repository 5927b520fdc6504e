"""`logs --env dev`: lines of the parts and kept queries, from a Log Analytics that looks at the token."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console, RenderableType
from rich.theme import Theme

from anomalyctl.azure.log_analytics import ask
from anomalyctl.azure.queries import part_queries
from anomalyctl.cli.console import STYLES
from anomalyctl.cli.views.logs import query_view
from anomalyctl.errors import (
    InvalidInput,
    NotFound,
)
from anomalyctl.operations.logs_azure import AzureLogs, check
from tests.support.azure_environment import AzureEnvironment, open_connections
from tests.support.kql import Workspace

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = ["TimeGenerated", "Arrived", "Level", "Function", "Message", "Trace", "Fields"]


def table(*rows: list[Any], columns: list[str] = COLUMNS) -> dict[str, Any]:
    return {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": "string"} for name in columns],
        "rows": [list(row) for row in rows],
    }


def row(second: int, message: str, level: str = "Information", *, arrived: int = 0) -> list[Any]:
    moment = f"2026-11-21T11:59:{second:02}.1234567Z"
    return [moment, f"2026-11-21T12:00:{arrived:02}.7654321Z", level, "process_readings", message, "", None]


def test_lines_of_all_parts_come_in_the_order_of_time(azure: AzureEnvironment) -> None:
    azure.surface.tables = [
        ("FunctionAppLogs", table(row(20, "judged 3 readings"), row(5, "starting", "Warning"))),
        (
            "where isempty(JobName)",
            table(row(10, '{"message": "ready", "level": "ERROR", "run_id": "r-1"}', "")),
        ),
    ]
    lines = azure.document("logs", "--since", "2h")
    assert [(line["part"], line["level"], line["message"]) for line in lines] == [
        ("functions", "warning", "starting"),
        ("detectors", "error", "ready"),
        ("functions", "info", "judged 3 readings"),
    ]
    assert lines[1]["fields"]["run_id"] == "r-1"
    assert len(azure.surface.queries) == len(part_queries())
    asked = azure.surface.queries[0]
    begin, end = (datetime.fromisoformat(moment) for moment in asked["timespan"].split("/"))
    assert end - begin == timedelta(hours=2)


def test_only_errors_of_one_part_are_asked_for(azure: AzureEnvironment) -> None:
    azure.document("logs", "functions", "--errors", "--lines", "7")
    [asked] = azure.surface.queries
    assert "let errors_only = true;" in asked["query"]
    assert "let most_lines = 7;" in asked["query"]


def test_a_workspace_without_a_line_yet_is_no_failure(azure: AzureEnvironment) -> None:
    azure.surface.kept = Workspace()
    done = azure.run("logs", "--env", "dev", "--output", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "No lines yet: nothing was ever written to" in done.stderr
    assert "ContainerAppConsoleLogs" in done.stderr and "some minutes late" in done.stderr
    workspace = AzureLogs(open_connections(azure))
    found = workspace.run("lag", timedelta(hours=1))
    workspace.close()
    assert (found.rows, found.missing) == ((), "AppMetrics")
    assert "No lines yet: nothing was ever written to AppMetrics." in text_of(query_view(found))


def test_an_hour_without_lines_says_how_far_it_looked(azure: AzureEnvironment) -> None:
    done = azure.run("logs", "functions", "--env", "dev", "--since", "30m", "--errors")
    assert done.returncode == 0
    assert "No errors in the last 0.5 h (--since)." in done.stderr


def test_an_answer_that_is_not_whole_says_why(azure: AzureEnvironment) -> None:
    inner = {
        "code": "-2133196797",
        "message": "The results of this query exceed the set limit of 64000000 bytes",
    }
    azure.surface.partial = {
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [{"code": "EngineError", "message": "Something went wrong.", "innererror": inner}],
    }
    azure.surface.tables = [("FunctionAppLogs", table(row(1, "the only one")))]
    done = azure.run("logs", "functions", "--env", "dev", "--output", "json")
    assert [line["message"] for line in json.loads(done.stdout)] == ["the only one"]
    assert "Not all lines of functions: The results of this query exceed the set limit" in done.stderr
    workspace = AzureLogs(open_connections(azure))
    found = workspace.run("lag", timedelta(hours=1))
    workspace.close()
    assert "exceed the set limit" in found.partial
    assert "Not all of it: The results" in text_of(query_view(found))


def test_what_a_line_is_about_comes_with_it(azure: AzureEnvironment) -> None:
    told = {"reading_id": "well-1:17", "function": "sweep_readings", "trace": "Traceback …", "source": ""}
    azure.surface.kept = Workspace(
        rows={
            "AppTraces": [
                {
                    "TimeGenerated": datetime.now(UTC) - timedelta(minutes=5),
                    "AppRoleName": "anomalyctl.functions",
                    "SeverityLevel": 3,
                    "Message": "not judged",
                    "Properties": told,
                }
            ]
        }
    )
    [line] = azure.document("logs", "functions", "--errors")
    assert (line["function"], line["trace"], line["level"]) == ("sweep_readings", "Traceback …", "error")
    assert line["fields"] == {"reading_id": "well-1:17"}


def test_a_kept_query_gives_its_table(azure: AzureEnvironment) -> None:
    azure.surface.tables = [("FunctionAppLogs", table([3, "[bold]x"], columns=["times", "message"]))]
    found = azure.document("logs", "--query", "worker-errors", "--since", "24h")
    assert (found["columns"], found["rows"]) == (["times", "message"], [[3, "[bold]x"]])
    shown = azure.run("logs", "--env", "dev", "--query", "worker-errors")
    assert "[bold]x" in shown.stdout


def text_of(view: RenderableType) -> str:
    console = Console(record=True, width=200, color_system=None, file=io.StringIO(), theme=Theme(STYLES))
    console.print(view)
    return console.export_text()


def test_without_the_role_its_name_is_said(azure: AzureEnvironment) -> None:
    azure.surface.refuse_logs = True
    error = azure.document("logs", "functions", expect=4)
    assert "Log Analytics Reader" in error["message"]
    assert "minutes" in error["hint"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("functions", "--query", "lag"), 64),
        (("--query", "lag | take 1"), 1),
        (("--trace", '" or true //aaaaaaaaaaaaaaaaaaaaa'), 64),
        (("nobody", "--trace", "a" * 32), 1),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    azure: AzureEnvironment, arguments: tuple[str, ...], code: int
) -> None:
    azure.document("logs", *arguments, expect=code)
    assert azure.surface.queries == []


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"query": "lagg"}, "lag"),
        ({"part": "supervisor"}, "functions"),
        ({"part": "function' or 1 == 1"}, "Known on Azure"),
        ({"since": timedelta()}, "30m"),
        ({"count": 10_001}, "--since"),
    ],
)
def test_what_log_analytics_cannot_answer_is_refused_with_what_it_can(
    chosen: dict[str, Any], named: str
) -> None:
    with pytest.raises((NotFound, InvalidInput)) as refused:
        check(**({"part": None, "query": None, "since": timedelta(hours=1), "count": 50} | chosen))
    assert named in refused.value.hint


def test_texts_cannot_be_bound_into_a_query() -> None:
    with pytest.raises(TypeError):
        ask(None, "w", "q", begin=NOW, end=NOW, values={"name": "x'; drop"})  # type: ignore[arg-type, dict-item]


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    from anomalyctl.azure.queries import query_named

    with pytest.raises(NotFound) as failed:
        query_named("slow-verdict")
    assert "slow-verdicts" in failed.value.hint
    assert not isinstance(failed.value, InvalidInput)
