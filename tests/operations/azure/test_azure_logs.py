"""`logs --env dev`: lines of the parts and kept queries, from a Log Analytics that looks at the token."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.azure.log_analytics import ask
from anomalyctl.azure.queries import part_queries, queries
from anomalyctl.errors import InvalidInput, NotFound, Transient
from anomalyctl.operations.logs_azure import AzureLogs
from tests.support.azure_environment import AzureEnvironment, open_connections

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
COLUMNS = ["TimeGenerated", "Arrived", "Level", "Function", "Message", "Trace"]


def table(*rows: list[Any], columns: list[str] = COLUMNS) -> dict[str, Any]:
    return {
        "name": "PrimaryResult",
        "columns": [{"name": name, "type": "string"} for name in columns],
        "rows": [list(row) for row in rows],
    }


def row(second: int, message: str, level: str = "Information", *, arrived: int = 0) -> list[Any]:
    moment = f"2026-11-21T11:59:{second:02}.1234567Z"
    return [moment, f"2026-11-21T12:00:{arrived:02}.7654321Z", level, "process_readings", message, ""]


def test_lines_of_all_parts_come_in_the_order_of_time(azure: AzureEnvironment) -> None:
    azure.surface.tables = [
        ("FunctionAppLogs", table(row(20, "judged 3 readings"), row(5, "starting", "Warning"))),
        (
            "ContainerAppConsoleLogs",
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


def test_followed_lines_come_once_each_as_they_arrive(azure: AzureEnvironment) -> None:
    connections = open_connections(azure)
    workspace = AzureLogs(connections, now=lambda: NOW)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        step = len(pauses)
        azure.surface.tables = [("FunctionAppLogs", table(row(step, f"line {step}", arrived=step)))]

    news = workspace.follow("functions", errors_only=False, pause=pause)
    assert [next(news).message for _ in range(3)] == ["line 1", "line 2", "line 3"]
    after = [re.search(r"arrived_after = datetime\((.*?)\)", one["query"]) for one in azure.surface.queries]
    assert [found[1] for found in after if found] == [
        "2026-11-21T12:00:00.000000Z",
        "2026-11-21T12:00:01.765433Z",
        "2026-11-21T12:00:02.765433Z",
    ]
    workspace.close()


def test_following_outlives_a_workspace_that_is_away_for_a_moment(azure: AzureEnvironment) -> None:
    connections = open_connections(azure)
    workspace = AzureLogs(connections, now=lambda: NOW)
    workspace._rest._guard._retrying.sleep = lambda _: None
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        azure.surface.logs_status = 200 if len(pauses) == 2 else 503
        azure.surface.tables = [("FunctionAppLogs", table(row(1, "back again")))]

    news = workspace.follow("functions", errors_only=False, pause=pause)
    assert next(news).message == "back again"
    assert len(pauses) == 2
    with pytest.raises(Transient):
        next(news)
    assert len(pauses) == 14
    workspace.close()


def test_a_kept_query_gives_its_table(azure: AzureEnvironment) -> None:
    azure.surface.tables = [("FunctionAppLogs", table([3, "[bold]x"], columns=["times", "message"]))]
    found = azure.document("logs", "--query", "worker-errors", "--since", "24h")
    assert (found["columns"], found["rows"]) == (["times", "message"], [[3, "[bold]x"]])
    shown = azure.run("logs", "--env", "dev", "--query", "worker-errors")
    assert "[bold]x" in shown.stdout


def test_without_the_role_its_name_is_said(azure: AzureEnvironment) -> None:
    azure.surface.refuse_logs = True
    error = azure.document("logs", "functions", expect=4)
    assert "Log Analytics Reader" in error["message"]
    assert "minutes" in error["hint"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("functions", "--query", "lag"), 64),
        (("--query", "lag", "--follow"), 64),
        (("--query", "lagg"), 1),
        (("--query", "lag | take 1"), 1),
        (("supervisor",), 1),
        (("--since", "yesterday"), 64),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    azure: AzureEnvironment, arguments: tuple[str, ...], code: int
) -> None:
    azure.document("logs", *arguments, expect=code)
    assert azure.surface.queries == []


def test_texts_cannot_be_bound_into_a_query() -> None:
    with pytest.raises(TypeError):
        ask(None, "w", "q", begin=NOW, end=NOW, values={"name": "x'; drop"})  # type: ignore[arg-type, dict-item]


def test_each_kept_query_says_what_it_shows_and_ends_as_kql_does() -> None:
    assert {query.name for query in queries()} >= {"worker-errors", "lag", "slow-verdicts", "dead-letters"}
    for query in (*queries(), *part_queries()):
        assert query.about.endswith("."), query.name
        assert query.text and ";" not in query.text and "//" not in query.text, query.name
        assert query.text.count("(") == query.text.count(")"), query.name
        assert query.text.count('"') % 2 == 0, query.name
    for query in part_queries():
        columns = re.findall(r"\| project (.*)", query.text)[-1].split(", ")
        assert columns == COLUMNS, query.name


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    from anomalyctl.azure.queries import query_named

    with pytest.raises(NotFound) as failed:
        query_named("slow-verdict")
    assert "slow-verdicts" in failed.value.hint
    assert not isinstance(failed.value, InvalidInput)
