"""An episode among its surroundings, on the real store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from anomalyctl.cli.views.sparklines import bars
from anomalyctl.operations.anomalies.explaining import POINTS, explain
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage import actions
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.verdict_documents import START, verdict

NOW = START + timedelta(hours=4)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        yield fresh


def happened(store: AnomalyStore, seconds: float, *tags: str, shares: dict[str, float] | None = None) -> str:
    document = verdict(seconds, *tags, shares=shares)
    store.upsert_verdicts(document["source_day"], [document])
    [change] = Episodes(store).record([document])
    return change.anomaly_id


def quiet(store: AnomalyStore, first: int, last: int, version: str | None) -> None:
    documents = [verdict(seconds, values={"A": seconds / 1000}) for seconds in range(first, last, 10)]
    for document in documents:
        document["explanation"]["model_version"] = version
    store.upsert_verdicts(documents[0]["source_day"], documents)


def test_trends_show_the_blamed_tags_with_the_onset(store: AnomalyStore) -> None:
    quiet(store, 8_000, 9_000, "v-1")
    told = explain(store, happened(store, 9_000, "A", "B", shares={"A": 0.7, "B": 0.3}), now=NOW)
    trend = told.trends[0]
    assert [each.tag for each in told.trends] == ["A", "B"]
    assert len(trend.points) == POINTS
    assert trend.onset == POINTS - 1
    assert (trend.smallest, trend.largest) == (8.0, 9.0)
    line = bars(trend.points)
    assert (line[0], line[-1]) == ("▁", "█")


def test_models_that_judged_around_it_are_told(store: AnomalyStore) -> None:
    quiet(store, 8_000, 8_500, "v-1")
    quiet(store, 8_500, 9_000, "v-2")
    told = explain(store, happened(store, 9_000, "A"), now=NOW)
    assert [(each.version, each.readings) for each in told.models] == [("v-1", 50), ("v-2", 50), ("", 1)]


def test_the_nearest_past_episodes_come_with_how_they_were_closed(store: AnomalyStore) -> None:
    happened(store, 0, "B", "A", shares={"B": 0.9, "A": 0.1})
    same = happened(store, 3_000, "A", "C", shares={"A": 0.8, "C": 0.2})
    happened(store, 6_000, "C")
    actions.resolve(store, same, notes="valve stuck", by="Anna", now=NOW)
    told = explain(store, happened(store, 9_000, "A"), now=NOW)
    assert [each.likeness for each in told.past] == [0.8, 0.1]
    assert told.past[0].anomaly.resolution_notes == "valve stuck"
    assert told.past[0].anomaly.resolved_by == "Anna"


def test_siblings_are_other_episodes_of_the_source_at_the_time(store: AnomalyStore) -> None:
    happened(store, 2_000, "B")
    sibling = happened(store, 8_900, "C")
    told = explain(store, happened(store, 9_000, "A"), now=NOW)
    assert [each.anomaly_id for each in told.siblings] == [sibling]
    assert told.past == ()
