"""The anomaly store through the real SDK on a real endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import CONTAINERS
from anomalyctl.stores.anomalies.verdicts import batches, days_between, source_day_of
from anomalyctl.stores.cosmos_errors import Conflict
from anomalyctl.telemetry.times import epoch_ms, format_time
from tests.support.anomaly_stores import START, fresh_store, open_episode, plain_verdict
from tests.support.cosmos_server import CosmosServer, cosmos_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        yield fresh


def test_every_container_has_the_partition_key_lifetime_and_index_of_the_design(store: AnomalyStore) -> None:
    for container in CONTAINERS:
        properties = store.container(container.name).read()
        assert properties["partitionKey"]["paths"] == [container.partition_key]
        assert properties.get("defaultTtl") == container.default_ttl_s
        included = {each["path"] for each in properties["indexingPolicy"]["includedPaths"]}
        assert included == {f"{path}/?" for path in container.indexed}
        assert {"path": "/*"} in properties["indexingPolicy"]["excludedPaths"]


def test_creating_what_exists_changes_nothing(store: AnomalyStore) -> None:
    store.upsert_verdicts(plain_verdict(0)["source_day"], [plain_verdict(0)])
    store.create_if_missing()
    assert store.verdict(plain_verdict(0)["id"]) is not None


def test_verdicts_are_written_in_batches_once_and_read_in_time_order(store: AnomalyStore) -> None:
    documents = [plain_verdict(second * 0.1) for second in range(130)]
    day = documents[0]["source_day"]
    assert store.upsert_verdicts(day, documents) == 130
    assert store.upsert_verdicts(day, documents[20:40]) == 20
    found = list(store.verdicts("well-1", START, START + timedelta(minutes=1), page_size=7))
    assert [each["id"] for each in found] == [each["id"] for each in documents]


def test_a_range_over_midnight_and_its_half_open_ends(store: AnomalyStore) -> None:
    for seconds in (0, 59, 60, 61, 120):
        store.upsert_verdicts(plain_verdict(seconds)["source_day"], [plain_verdict(seconds)])
    other = plain_verdict(60, source="well-2")
    store.upsert_verdicts(other["source_day"], [other])
    found = store.verdicts("well-1", START + timedelta(seconds=59), START + timedelta(seconds=120))
    assert [each["id"] for each in found] == [plain_verdict(seconds)["id"] for seconds in (59, 60, 61)]


def test_existing_ids_are_told_from_missing_ones(store: AnomalyStore) -> None:
    documents = [plain_verdict(second) for second in range(5)]
    store.upsert_verdicts(documents[0]["source_day"], documents)
    asked = [each["id"] for each in documents[2:]] + ["well-1:5"]
    assert store.existing_ids(documents[0]["source_day"], asked) == {each["id"] for each in documents[2:]}
    assert store.existing_ids(documents[0]["source_day"], []) == set()
    assert store.verdict("well-1:5") is None


def test_a_verdict_of_another_day_is_refused_before_anything_is_written(store: AnomalyStore) -> None:
    with pytest.raises(InvalidInput, match="2026-11-21"):
        store.upsert_verdicts("well-1:2026-11-20", [plain_verdict(0), plain_verdict(61)])
    assert store.verdict(plain_verdict(0)["id"]) is None


def test_batches_hold_at_most_fifty_documents_and_a_megabyte_and_a_half() -> None:
    assert [len(batch) for batch in batches({"id": str(n)} for n in range(120))] == [50, 50, 20]
    heavy = [{"id": str(number), "text": "x" * 700_000} for number in range(5)]
    assert [len(batch) for batch in batches([*heavy, {"text": "x" * 1_900_000}])] == [2, 2, 1, 1]


def test_days_and_source_days_follow_the_readings_own_utc_time() -> None:
    assert source_day_of(f"well-1:{epoch_ms(START)}") == "well-1:2026-11-20"
    assert list(days_between(START, START + timedelta(minutes=1))) == ["2026-11-20"]
    assert list(days_between(START, START + timedelta(minutes=2))) == ["2026-11-20", "2026-11-21"]
    with pytest.raises(InvalidInput, match="no reading id"):
        source_day_of("nonsense")


def test_an_episode_is_created_once_and_patched_only_as_it_was_read(store: AnomalyStore) -> None:
    created = store.create_unresolved(open_episode())
    with pytest.raises(Conflict):
        store.create_unresolved(open_episode())
    patched = store.patch_unresolved(created, [{"op": "set", "path": "/revision", "value": 1}])
    assert patched["revision"] == 1
    with pytest.raises(Conflict):
        store.patch_unresolved(created, [{"op": "set", "path": "/revision", "value": 9}])
    with pytest.raises(NotFound):
        store.patch_unresolved({**created, "anomaly_id": "gone"}, [{"op": "set", "path": "/a", "value": 1}])


def test_a_resolved_episode_yields_only_to_a_higher_revision(store: AnomalyStore) -> None:
    assert store.put_resolved(open_episode(status="resolved", revision=2))
    assert not store.put_resolved(open_episode(status="resolved", revision=2, assigned_to="late"))
    assert not store.put_resolved(open_episode(status="resolved", revision=1))
    assert store.put_resolved(open_episode(status="resolved", revision=3, assigned_to="Anna"))
    kept = store.resolved("well-1-1-abcdef01")
    assert kept is not None
    assert (kept["revision"], kept["assigned_to"]) == (3, "Anna")


def test_episodes_since_prefers_the_higher_revision_and_sorts_oldest_first(store: AnomalyStore) -> None:
    store.create_unresolved(open_episode("well-1-5-b", first_ms=5, last_ms=50))
    store.create_unresolved(open_episode("well-1-3-c", first_ms=3, last_ms=30, status="resolved", revision=1))
    store.put_resolved(open_episode("well-1-3-c", first_ms=3, last_ms=30, status="resolved", revision=1))
    store.put_resolved(open_episode("well-1-1-d", first_ms=1, last_ms=30, status="reopened", revision=1))
    store.create_unresolved(open_episode("well-2-1-e", source="well-2", last_ms=90))
    store.create_unresolved(open_episode("well-1-2-f", first_ms=2, last_ms=29))
    found = store.episodes_since("well-1", 30)
    assert [each["anomaly_id"] for each in found] == ["well-1-3-c", "well-1-5-b"]


def test_an_event_is_written_once_and_never_changed(store: AnomalyStore) -> None:
    event = {"id": "e-1", "anomaly_id": "e", "revision": 1, "why": "first"}
    assert store.append_event(event)
    assert not store.append_event({**event, "why": "second"})
    assert [each["why"] for each in store.events("e")] == ["first"]


def test_dead_letters_are_kept_by_day_listed_and_removed(store: AnomalyStore) -> None:
    late = {"id": "1-0", "failed_at": format_time(START), "reason": "PH is no number", "field": "PH"}
    store.add_dead_letter(late)
    store.add_dead_letter(late)
    store.add_dead_letter({**late, "id": "2-0", "failed_at": format_time(START + timedelta(minutes=2))})
    found = list(store.dead_letters(START, START + timedelta(days=1)))
    assert [(each["id"], each["day"]) for each in found] == [("1-0", "2026-11-20"), ("2-0", "2026-11-21")]
    store.remove_dead_letter("1-0", "2026-11-20")
    with pytest.raises(NotFound):
        store.remove_dead_letter("1-0", "2026-11-20")
    with pytest.raises(InvalidInput, match="failed_at"):
        store.add_dead_letter({"id": "3"})
