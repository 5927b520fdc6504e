"""Many anomalies at once: by filter, first dry, with a result for each."""

from __future__ import annotations

import json
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
def ids(server: CosmosServer, anomalyctl: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A (medium), B (critical), C (critical, of another source)."""
    monkeypatch.setenv("ANOMALYCTL_OPERATOR", "Anna")
    documents = [
        verdict(0, "A", severity="medium"),
        verdict(600, "B", severity="critical"),
        verdict(1200, "C", severity="critical", source="well-2"),
    ]
    with fresh_store(server) as store:
        monkeypatch.setattr(
            connecting, "connect", lambda name: SimpleNamespace(anomalies=store, operator=operator_name)
        )
        yield [_opened(store, document) for document in documents]


def _opened(store: AnomalyStore, document: dict[str, Any]) -> str:
    store.upsert_verdicts(document["source_day"], [document])
    return Episodes(store).record([document])[0].anomaly_id


def listed(anomalyctl: Callable[..., Any], *arguments: str) -> list[str]:
    rows = json.loads(anomalyctl("anomalies", "list", "-o", "json", *arguments).out)
    return [row["anomaly_id"] for row in rows]


def test_a_dry_run_names_what_is_meant_and_changes_nothing(
    anomalyctl: Callable[..., Any], ids: list[str]
) -> None:
    ended = anomalyctl("anomalies", "resolve", "--all", "--severity", "critical", "--dry-run", "-o", "json")
    report = json.loads(ended.out)
    assert (ended.code, report["dry_run"], report["done"]) == (0, True, 0)
    assert [each["anomaly_id"] for each in report["results"]] == [ids[2], ids[1]]
    assert anomalyctl("anomalies", "resolve", ids[0], "--dry-run").code == 0
    assert len(listed(anomalyctl)) == 3


def test_all_that_a_filter_takes_are_resolved_and_no_other(
    anomalyctl: Callable[..., Any], ids: list[str]
) -> None:
    words = ("anomalies", "resolve", "--all", "--source", "well-1", "--notes", "Maintenance.")
    asked = anomalyctl(*words)
    assert (asked.code, "--yes" in asked.err) == (3, True)
    ended = anomalyctl(*words, "--yes", "-o", "json")
    assert (ended.code, json.loads(ended.out)["done"]) == (0, 2)
    assert listed(anomalyctl) == [ids[2]]
    again = anomalyctl(*words, "--yes", "-o", "json")
    assert (again.code, json.loads(again.out)["results"]) == (0, [])


def test_all_are_assigned(anomalyctl: Callable[..., Any], ids: list[str]) -> None:
    ended = anomalyctl("anomalies", "assign", "--all", "--tag", "B", "--to", "Nora", "--yes", "-o", "json")
    assert [each["assigned_to"] for each in json.loads(ended.out)["results"]] == ["Nora"]


def test_where_some_fail_each_has_its_result_and_the_exit_code_is_7(
    anomalyctl: Callable[..., Any], ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from anomalyctl.errors import LostRace
    from anomalyctl.triage import actions

    resolve = actions.resolve

    def contested(store: AnomalyStore, anomaly_id: str, **details: Any) -> Any:
        if anomaly_id == ids[1]:
            raise LostRace("somebody was first")
        return resolve(store, anomaly_id, **details)

    monkeypatch.setattr(actions, "resolve", contested)
    ended = anomalyctl("anomalies", "resolve", "--all", "--notes", "x", "--yes", "-o", "json")
    report = json.loads(ended.out)
    assert (ended.code, report["done"], report["failed"]) == (7, 2, 1)
    assert {each["anomaly_id"]: each["code"] for each in report["results"]}[ids[1]] == "lost_race"


@pytest.mark.parametrize("arguments", [("--all", "x"), ("--severity", "critical"), ()])
def test_ids_or_all_and_never_a_mixture(
    anomalyctl: Callable[..., Any], ids: list[str], arguments: tuple[str, ...]
) -> None:
    assert anomalyctl("anomalies", "assign", "--to", "Nora", *arguments).code == 64
