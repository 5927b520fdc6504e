"""The alerts' and the workbook's queries over the tables that Microsoft documents; a letter is never lost."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.kql import Workspace

TERRAFORM = Path(__file__).parents[2] / "terraform"
ALERTS = (TERRAFORM / "alerts-queries.tf").read_text()
QUERIES = {
    name: re.sub(r"\$\{[^}]*\}", "2027-01-01", text)
    for name, text in re.findall(
        r"\n    ([a-z-]+) = \{\n(?:(?!\n    \}).)*?query\s*=\s*<<-KQL\n(.*?)\n\s*KQL", ALERTS, re.DOTALL
    )
}
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


WORKBOOK = (TERRAFORM / "workbook.tf").read_text()
CHARTS = [text for text in re.findall(r'query\s*=\s*"([^"]*)"', WORKBOOK) if "Resources |" not in text]


def test_every_query_is_found() -> None:
    assert len(QUERIES) == ALERTS.count("<<-KQL") == 5
    assert len(CHARTS) >= 7


@pytest.mark.parametrize("text", CHARTS)
def test_each_chart_asks_for_columns_that_there_are(text: str) -> None:
    assert Workspace(whole=True, now=NOW).run(text).columns


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_alert_asks_for_columns_that_there_are_and_measures_one_of_its_own(name: str) -> None:
    answer = Workspace(whole=True, now=NOW).run(QUERIES[name])
    measure = re.search(rf'\n    {name} = \{{.*?measure\s*=\s*"(\w+)"', ALERTS, re.DOTALL)
    assert measure is not None
    assert measure[1] in answer.columns
    assert ("Report" in answer.columns) == (name == "daily-report")


@pytest.mark.parametrize("late_s", [1, 90, 1500])
def test_a_letter_is_mailed_once_however_late_it_arrives(late_s: int) -> None:
    written = NOW - timedelta(seconds=40)
    letter = {
        "TimeGenerated": written,
        "_arrived": written + timedelta(seconds=late_s),
        "Message": "daily report: prod, 2026-11-20: A quiet day.",
    }
    told = []
    for hour in range(4):
        now = NOW + timedelta(hours=hour)
        here = [letter] if letter["_arrived"] <= now else []  # type: ignore[operator]
        window = f"{(now - timedelta(hours=2)).isoformat()}/{now.isoformat()}"
        answer = Workspace(rows={"AppTraces": here}, now=now).run(QUERIES["daily-report"], window)
        told += [row["Report"] for row in answer.rows if row["letters"] > 0]
    assert told == ["prod, 2026-11-20: A quiet day."]
    assert 'window = "PT2H"' in ALERTS


def test_failures_are_a_share_of_what_was_asked_and_few_requests_say_nothing() -> None:
    rows = [{"TimeGenerated": NOW, "Success": count >= 5} for count in range(50)]
    [told] = Workspace(rows={"AppRequests": rows}, now=NOW).run(QUERIES["failures"]).rows
    assert told["failed_percent"] == 10.0
    assert Workspace(rows={"AppRequests": rows[:19]}, now=NOW).run(QUERIES["failures"]).rows == []
