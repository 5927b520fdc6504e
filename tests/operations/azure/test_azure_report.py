"""`report --env dev`: the environment's own language model, asked with the operator's sign-in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.azure_environment import AzureEnvironment, open_connections
from tests.support.verdict_documents import START, verdict

DAY = START.date().isoformat()


@pytest.fixture
def judged(azure: AzureEnvironment) -> AzureEnvironment:
    azure.create_database()
    connections = open_connections(azure)
    documents = [verdict(seconds) for seconds in range(0, 600, 10)]
    connections.anomalies.upsert_verdicts(documents[0]["source_day"], documents)
    connections.close()
    return azure


def test_the_environments_model_writes_the_summary_with_entra(judged: AzureEnvironment) -> None:
    found = judged.document("report", "--day", DAY)
    assert (found["summary"], found["summary_by"], found["summary_note"]) == (
        "A quiet day.",
        "language model",
        "",
    )
    [asked] = judged.surface.model_asked
    assert asked["model"] == "contexts"
    assert "60" in asked["messages"][1]["content"]


def test_a_model_that_lets_nobody_in_leaves_it_to_arithmetic_which_says_why(judged: AzureEnvironment) -> None:
    judged.surface.model = (403, "Public access is disabled.")
    done = judged.run("report", "--day", DAY, "--env", "dev", "--output", "json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["summary_by"] == "arithmetic"
    assert found["summary_note"] == "The language model does not accept the key or identity."
    assert "60 of about 8,640 readings were judged" in found["summary"]
    assert "Arithmetic writes the summary" in done.stderr
    assert "Cognitive Services OpenAI User" in done.stderr


def test_without_a_model_nobody_is_asked(judged: AzureEnvironment, tmp_path: Path) -> None:
    judged.deploy(openai_endpoint=None)
    (judged.root / ".anomalyctl" / "dev" / "outputs.json").unlink()
    page, text = tmp_path / "day.html", tmp_path / "day.md"
    found = judged.document("report", "--day", DAY, "--html", str(page), "--markdown", str(text))
    assert (found["summary_by"], found["summary_note"]) == ("arithmetic", "")
    assert page.read_text().startswith("<!doctype html>") and text.read_text().startswith("# dev: ")
    assert judged.surface.model_asked == []


def test_what_stands_in_the_way_is_said_and_nothing_is_written(
    judged: AzureEnvironment, tmp_path: Path
) -> None:
    text = tmp_path / "day.md"
    error = judged.document("report", "--day", "2001-01-01", "--markdown", str(text), expect=1)
    assert "No reading was judged in 2001-01-01" in error["message"]
    judged.cosmos.behind_firewall = True
    error = judged.document("report", "--day", DAY, "--markdown", str(text), expect=6)
    assert "no way from here to Cosmos DB" in error["message"]
    assert not text.exists()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--day", "2999-01-01"), "2999-01-01 has not begun"),
        (("--day", "24.12.2026"), "--day"),
        (("--markdown", "/nowhere/at/all/day.md"), "/nowhere/at/all"),
        (("--html", "/tmp"), "is a folder"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anybody_is_asked(
    azure: AzureEnvironment, arguments: tuple[str, str], field: str
) -> None:
    azure.forget_state()
    error = azure.document("report", *arguments, expect=64)
    assert field in error["message"]
