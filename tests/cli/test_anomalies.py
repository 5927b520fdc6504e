"""`anomalyctl anomalies …`, as typed, on a real store."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from anomalyctl.operations import connecting
from anomalyctl.operations.anomalies.acting import operator_name
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.verdict_documents import verdict


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        monkeypatch.setattr(
            connecting, "connect", lambda name: SimpleNamespace(anomalies=fresh, operator=operator_name)
        )
        yield fresh


@pytest.fixture
def ids(store: AnomalyStore, anomalyctl: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("ANOMALYCTL_OPERATOR", "Anna")
    documents = [verdict(0, "A", severity="medium"), verdict(600, "B[red]", severity="critical")]
    for document in documents:
        store.upsert_verdicts(document["source_day"], [document])
    return [Episodes(store).record([document])[0].anomaly_id for document in documents]


def test_list_as_json_is_one_array_with_the_specifications_keys(
    anomalyctl: Callable[..., Any], ids: list[str]
) -> None:
    ended = anomalyctl("anomalies", "list", "--output", "json")
    rows = json.loads(ended.out)
    assert ended.code == 0
    assert [row["anomaly_id"] for row in rows] == ids[::-1]
    assert {"anomaly_id", "detected_at", "severity_level", "assigned_to"} <= set(rows[0])


def test_list_for_people_shows_tags_as_they_are_and_says_when_there_is_nothing(
    anomalyctl: Callable[..., Any], ids: list[str]
) -> None:
    ended = anomalyctl("anomalies", "list")
    assert ids[0] in ended.out
    assert "B[red]" in ended.out
    assert all(len(line) <= 100 for line in ended.out.splitlines())
    assert "No anomalies" in anomalyctl("anomalies", "list", "--tag", "NOPE").out


def test_filters_are_taken_and_wrong_ones_refused(anomalyctl: Callable[..., Any], ids: list[str]) -> None:
    def listed(*arguments: str) -> list[str]:
        return [
            row["anomaly_id"]
            for row in json.loads(anomalyctl("anomalies", "list", "-o", "json", *arguments).out)
        ]

    assert listed("--severity", "critical") == [ids[1]]
    assert listed("--severity", "critical", "--severity", "medium") == ids[::-1]
    assert listed("--since", "2026-11-20T09:10:00Z") == [ids[1]]
    assert listed("--since", "1s") == []
    assert listed("--source", "well-9") == []
    assert listed("--limit", "1") == [ids[1]]
    assert anomalyctl("anomalies", "list", "--severity", "terrible").code == 64
    wrong = anomalyctl("anomalies", "list", "--since", "yesterday", "-o", "json")
    assert (wrong.code, json.loads(wrong.err)["error"]["details"]["field"]) == (64, "--since")


def test_resolving_with_notes_moves_exactly_that_one(anomalyctl: Callable[..., Any], ids: list[str]) -> None:
    ended = anomalyctl("anomalies", "resolve", ids[0], "--notes", "Pump at fault.", "--output", "json")
    report = json.loads(ended.out)
    assert ended.code == 0
    assert (report["by"], report["done"], report["failed"]) == ("Anna", 1, 0)
    assert [(each["anomaly_id"], each["status"]) for each in report["results"]] == [(ids[0], "resolved")]
    assert [row["anomaly_id"] for row in json.loads(anomalyctl("anomalies", "list", "-o", "json").out)] == [
        ids[1]
    ]
    resolved = json.loads(anomalyctl("anomalies", "list", "--status", "resolved", "-o", "json").out)
    assert [(row["anomaly_id"], row["resolved_by"]) for row in resolved] == [(ids[0], "Anna")]


def test_without_notes_and_with_nobody_to_ask_the_flag_is_named_and_nothing_changed(
    anomalyctl: Callable[..., Any], ids: list[str], store: AnomalyStore
) -> None:
    ended = anomalyctl("anomalies", "resolve", ids[0])
    assert (ended.code, "--notes" in ended.err) == (64, True)
    assert "--reason" in anomalyctl("anomalies", "modify", ids[0], "--set", "A=1").err
    document = store.unresolved(ids[0])
    assert document is not None
    assert document["revision"] == 0


def test_the_second_operator_gets_exit_6_and_the_name_of_the_first(
    anomalyctl: Callable[..., Any], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    anomalyctl("anomalies", "resolve", ids[0], "--notes", "pump")
    monkeypatch.setenv("ANOMALYCTL_OPERATOR", "Björn")
    ended = anomalyctl("anomalies", "resolve", ids[0], "--notes", "valve", "-o", "json")
    error = json.loads(ended.err)["error"]
    assert (ended.code, error["code"], error["details"]["by"]) == (6, "lost_race", "Anna")
    assert ended.out == ""


def test_several_ids_and_ids_from_stdin_are_taken_and_partly_done_is_exit_7(
    anomalyctl: Callable[..., Any], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = anomalyctl("anomalies", "list", "-o", "json").out
    monkeypatch.setattr("sys.stdin", io.StringIO(listed))
    ended = anomalyctl("anomalies", "assign", "-", "--to", "Nora", "-o", "json")
    assert (ended.code, json.loads(ended.out)["done"]) == (0, 2)
    anomalyctl("anomalies", "resolve", ids[0], "--notes", "pump")
    ended = anomalyctl("anomalies", "assign", *ids, "--to", "Anna", "-o", "json")
    assert ended.code == 7
    assert [each["ok"] for each in json.loads(ended.out)["results"]] == [False, True]
    assert json.loads(ended.err)["error"]["code"] == "partly_done"


def test_modify_takes_values_by_tag_and_show_tells_both(
    anomalyctl: Callable[..., Any], ids: list[str]
) -> None:
    ended = anomalyctl("anomalies", "modify", "@worst", "--set", "B[red]=2.5", "--reason", "Sensor off.")
    assert (ended.code, "Done" in ended.out) == (0, True)
    shown = anomalyctl("anomalies", "show", "@worst").out
    for words in (
        "9 → 2.5 (modified)",
        "Sensor off.",
        "B[red] is high because",
        "heuristic: Anomaly",
        ids[1],
    ):
        assert words in shown
    details = json.loads(anomalyctl("anomalies", "show", ids[1], "-o", "json").out)
    assert details["anomaly"]["modified_values"] == {"B[red]": 2.5}
    assert details["reading"]["B[red]"] == 9.0


@pytest.mark.parametrize("assignment", ["B=much", "NOPE=1", "B", "A=nan"])
def test_values_that_cannot_be_are_usage_errors(
    anomalyctl: Callable[..., Any], ids: list[str], assignment: str
) -> None:
    ended = anomalyctl("anomalies", "modify", ids[0], "--set", assignment, "--reason", "why", "-o", "json")
    assert ended.code == 64
    assert json.loads(ended.err)["error"]["details"]["field"]


def test_reopening_needs_a_reason_and_brings_it_back(anomalyctl: Callable[..., Any], ids: list[str]) -> None:
    anomalyctl("anomalies", "resolve", ids[0], "--notes", "pump")
    ended = anomalyctl("anomalies", "reopen", ids[0], "--reason", "it is back", "-o", "json")
    assert json.loads(ended.out)["results"][0]["status"] == "open"
    again = anomalyctl("anomalies", "reopen", ids[0], "--reason", "it is back")
    assert "Skipped" in again.out


def test_an_unknown_id_is_exit_1_with_the_nearest(anomalyctl: Callable[..., Any], ids: list[str]) -> None:
    ended = anomalyctl("anomalies", "show", ids[0][:-1] + "z")
    assert (ended.code, ids[0] in ended.err) == (1, True)


def test_watch_writes_json_lines_until_it_is_interrupted(
    anomalyctl: Callable[..., Any], ids: list[str], store: AnomalyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([lambda: Episodes(store).record([verdict(1800, "C")])])

    def sleep(seconds: float) -> None:
        for happening in looks:
            happening()
            return
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    ended = anomalyctl("anomalies", "watch", "-o", "json")
    events = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 130
    assert [event["change"] for event in events] == ["present", "present", "opened"]
    assert {"anomaly_id", "detected_at", "severity_level", "assigned_to"} <= set(events[0])


def test_watch_for_people_is_a_line_a_change(
    anomalyctl: Callable[..., Any], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupt)
    lines = anomalyctl("anomalies", "watch").out.splitlines()
    assert len(lines) == 2
    assert ids[1] in lines[1]
    assert "B[red]" in lines[1]
