"""A refusal that cannot be meant, such as a failed condition where there was none, is no "already there"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from anomalyctl.stores.anomalies import AnomalyStore
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server

LETTER = {
    "id": "1795230610000-0",
    "failed_at": "2026-11-21T03:10:10.000000Z",
    "source": "well-1",
    "payload": "x",
}
EVENT = {"id": "a-1", "anomaly_id": "a", "revision": 1}
VERDICT = {"id": "well-1:1", "source": "well-1", "source_day": "well-1:1970-01-01"}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("failing"), "--faults") as running:
        yield running


@pytest.fixture
def store(failing: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(failing) as fresh:
        yield fresh


def fail_next(server: CosmosServer, **fault: Any) -> None:
    httpx.post(f"{server.endpoint}/_faults", json={**fault, "path": "docs"}).raise_for_status()


@pytest.mark.parametrize("status", [412, 503, 449])
def test_a_dead_letter_is_kept_whatever_the_first_answer(
    store: AnomalyStore, failing: CosmosServer, status: int
) -> None:
    fail_next(failing, status=status)
    store.add_dead_letters([LETTER])
    assert store.dead_letter(LETTER["id"]) is not None


def test_an_event_and_a_verdict_are_kept_too(store: AnomalyStore, failing: CosmosServer) -> None:
    fail_next(failing, status=412)
    assert store.append_event(EVENT)
    assert [event["id"] for event in store.events("a")] == ["a-1"]
    fail_next(failing, status=412)
    assert store.upsert_verdicts(VERDICT["source_day"], [VERDICT]) == 1
    assert store.verdict("well-1:1") is not None


def test_what_is_there_already_stays_as_it_is(store: AnomalyStore, failing: CosmosServer) -> None:
    store.add_dead_letters([LETTER])
    # The work is done and its answer lost: the second try meets its own letter.
    fail_next(failing, cut=True, applied=True)
    other = {**LETTER, "id": "1795230610000-1"}
    store.add_dead_letters([{**LETTER, "payload": "another"}, other])
    kept = store.dead_letter(LETTER["id"])
    assert kept is not None
    assert kept["payload"] == "x"
    assert store.dead_letter(other["id"]) is not None
    assert store.append_event(EVENT)
    assert not store.append_event({**EVENT, "revision": 2})
