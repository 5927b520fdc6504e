"""The anomaly store through the real SDK on a real endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from anomalyctl.errors import InvalidInput, NotDeployed, NotFound, SignInFailed, Transient, Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import CONTAINERS, UNRESOLVED
from anomalyctl.stores.anomalies.verdicts import batches, days_between, source_day_of
from anomalyctl.stores.cosmos import connect_cosmos, parse_connection_string
from anomalyctl.stores.cosmos_errors import Conflict
from anomalyctl.telemetry.times import epoch_ms, format_time
from tests.support.anomaly_stores import fresh_store, open_store
from tests.support.cosmos_server import CosmosServer, cosmos_server

START = datetime(2026, 11, 20, 23, 59, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    """An endpoint that fails on demand."""
    with cosmos_server(tmp_path_factory.mktemp("failing"), "--faults") as running:
        yield running


def fail_next(server: CosmosServer, **fault: Any) -> None:
    httpx.post(f"{server.endpoint}/_faults", json=fault).raise_for_status()


def verdict(seconds: float, source: str = "well-1", **more: Any) -> dict[str, Any]:
    at = START + timedelta(seconds=seconds)
    return {
        "id": f"{source}:{epoch_ms(at)}",
        "source": source,
        "source_day": f"{source}:{at.date().isoformat()}",
        "timestamp": format_time(at),
        "final_status": "normal",
        **more,
    }


def episode(anomaly_id: str = "well-1-1-abcdef01", **more: Any) -> dict[str, Any]:
    return {
        "id": anomaly_id,
        "anomaly_id": anomaly_id,
        "detected_at": format_time(START),
        "severity_level": "high",
        "assigned_to": "",
        "status": "open",
        "source": "well-1",
        "revision": 0,
        "tags": ["A"],
        "first_ms": 1,
        "last_ms": 1,
        **more,
    }


def test_every_container_has_the_partition_key_lifetime_and_index_of_the_design(store: AnomalyStore) -> None:
    for container in CONTAINERS:
        properties = store.container(container.name).read()
        assert properties["partitionKey"]["paths"] == [container.partition_key]
        assert properties.get("defaultTtl") == container.default_ttl_s
        included = {each["path"] for each in properties["indexingPolicy"]["includedPaths"]}
        assert included == {f"{path}/?" for path in container.indexed}
        assert {"path": "/*"} in properties["indexingPolicy"]["excludedPaths"]


def test_creating_what_exists_changes_nothing(store: AnomalyStore) -> None:
    store.upsert_verdicts(verdict(0)["source_day"], [verdict(0)])
    store.create_if_missing()
    assert store.verdict(verdict(0)["id"]) is not None


def test_verdicts_are_written_in_batches_once_and_read_in_time_order(store: AnomalyStore) -> None:
    documents = [verdict(second * 0.1) for second in range(130)]
    day = documents[0]["source_day"]
    assert store.upsert_verdicts(day, documents) == 130
    assert store.upsert_verdicts(day, documents[20:40]) == 20
    found = list(store.verdicts("well-1", START, START + timedelta(minutes=1), page_size=7))
    assert [each["id"] for each in found] == [each["id"] for each in documents]


def test_a_range_over_midnight_and_its_half_open_ends(store: AnomalyStore) -> None:
    for seconds in (0, 59, 60, 61, 120):
        store.upsert_verdicts(verdict(seconds)["source_day"], [verdict(seconds)])
    other = verdict(60, source="well-2")
    store.upsert_verdicts(other["source_day"], [other])
    found = store.verdicts("well-1", START + timedelta(seconds=59), START + timedelta(seconds=120))
    assert [each["id"] for each in found] == [verdict(seconds)["id"] for seconds in (59, 60, 61)]


def test_existing_ids_are_told_from_missing_ones(store: AnomalyStore) -> None:
    documents = [verdict(second) for second in range(5)]
    store.upsert_verdicts(documents[0]["source_day"], documents)
    asked = [each["id"] for each in documents[2:]] + ["well-1:5"]
    assert store.existing_ids(documents[0]["source_day"], asked) == {each["id"] for each in documents[2:]}
    assert store.existing_ids(documents[0]["source_day"], []) == set()
    assert store.verdict("well-1:5") is None


def test_a_verdict_of_another_day_is_refused_before_anything_is_written(store: AnomalyStore) -> None:
    with pytest.raises(InvalidInput, match="2026-11-21"):
        store.upsert_verdicts("well-1:2026-11-20", [verdict(0), verdict(61)])
    assert store.verdict(verdict(0)["id"]) is None


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
    created = store.create_unresolved(episode())
    with pytest.raises(Conflict):
        store.create_unresolved(episode())
    patched = store.patch_unresolved(created, [{"op": "set", "path": "/revision", "value": 1}])
    assert patched["revision"] == 1
    with pytest.raises(Conflict):
        store.patch_unresolved(created, [{"op": "set", "path": "/revision", "value": 9}])
    with pytest.raises(NotFound):
        store.patch_unresolved({**created, "anomaly_id": "gone"}, [{"op": "set", "path": "/a", "value": 1}])


def test_a_resolved_episode_yields_only_to_a_higher_revision(store: AnomalyStore) -> None:
    assert store.put_resolved(episode(status="resolved", revision=2))
    assert not store.put_resolved(episode(status="resolved", revision=2, assigned_to="late"))
    assert not store.put_resolved(episode(status="resolved", revision=1))
    assert store.put_resolved(episode(status="resolved", revision=3, assigned_to="Anna"))
    kept = store.resolved("well-1-1-abcdef01")
    assert kept is not None
    assert (kept["revision"], kept["assigned_to"]) == (3, "Anna")


def test_episodes_since_prefers_the_higher_revision_and_sorts_oldest_first(store: AnomalyStore) -> None:
    store.create_unresolved(episode("well-1-5-b", first_ms=5, last_ms=50))
    store.create_unresolved(episode("well-1-3-c", first_ms=3, last_ms=30, status="resolved", revision=1))
    store.put_resolved(episode("well-1-3-c", first_ms=3, last_ms=30, status="resolved", revision=1))
    store.put_resolved(episode("well-1-1-d", first_ms=1, last_ms=30, status="reopened", revision=1))
    store.create_unresolved(episode("well-2-1-e", source="well-2", last_ms=90))
    store.create_unresolved(episode("well-1-2-f", first_ms=2, last_ms=29))
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


def test_a_missing_database_says_that_nothing_is_deployed(server: CosmosServer) -> None:
    missing = open_store(server, "nowhere")
    with pytest.raises(NotDeployed, match="not been created"):
        list(missing.query(UNRESOLVED, "SELECT * FROM c", {}))
    missing.close()


def test_a_wrong_key_is_a_sign_in_failure_and_no_key_in_the_message(server: CosmosServer) -> None:
    wrong = f"AccountEndpoint={server.endpoint}/;AccountKey=d3Jvbmcta2V5;"
    with pytest.raises(SignInFailed) as refused:
        AnomalyStore(connect_cosmos(wrong)).ping()
    assert "d3Jvbmcta2V5" not in str(refused.value)


def test_a_dead_endpoint_is_unreachable_and_not_waited_for(server: CosmosServer, tmp_path: Any) -> None:
    with cosmos_server(tmp_path) as short_lived, fresh_store(server):
        store = open_store(short_lived, "any")
        store.create_if_missing()
        short_lived.kill()
        with pytest.raises(Unreachable):
            store.ping()
        with pytest.raises(Unreachable):
            connect_cosmos(short_lived.connection_string)
        short_lived.restart()
        store.guard = open_store(short_lived, "any").guard
        store.ping()
        store.close()


@pytest.mark.parametrize(
    ("text", "endpoint", "key"),
    [
        ("AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=YWJj==;", None, "YWJj=="),
        ("accountendpoint=https://a.documents.azure.com:443/", None, ""),
        ("https://a.documents.azure.com:443/", None, ""),
    ],
)
def test_both_forms_of_a_connection_string_are_read(text: str, endpoint: str | None, key: str) -> None:
    assert parse_connection_string(text) == (endpoint or "https://a.documents.azure.com:443/", key)


def test_a_connection_string_without_an_endpoint_is_refused_with_the_setting_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        connect_cosmos("AccountKey=secret;")
    assert refused.value.field == "COSMOS_DB_CONNECTION_STRING"
    assert "secret" not in refused.value.message


FAULTS: list[dict[str, Any]] = [
    {"status": 429, "retry_after_ms": 10},
    {"status": 503},
    {"status": 500},
    {"status": 408},
    {"cut": True},
    {"cut": True, "applied": True},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_failure_between_pages_loses_no_row_and_doubles_none(
    failing: CosmosServer, fault: dict[str, Any]
) -> None:
    with fresh_store(failing) as store:
        documents = [verdict(second * 0.1) for second in range(100)]
        store.upsert_verdicts(documents[0]["source_day"], documents)
        rows = store.verdicts("well-1", START, START + timedelta(minutes=1), page_size=10)
        found = []
        for number, row in enumerate(rows):
            found.append(row["id"])
            if number in (15, 55):
                fail_next(failing, **fault, path="docs")
        assert found == [each["id"] for each in documents]


@pytest.mark.parametrize("fault", [FAULTS[0], FAULTS[4]], ids=str)
@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_a_failure_within_a_query_over_all_partitions_loses_no_row(
    failing: CosmosServer, fault: dict[str, Any], after: int
) -> None:
    with fresh_store(failing) as store:
        for number in range(12):
            store.create_unresolved(
                episode(f"well-1-{number}-a", detected_at=format_time(START + timedelta(seconds=number)))
            )
        query = "SELECT * FROM c WHERE c.status = @status ORDER BY c.detected_at DESC"
        fail_next(failing, **fault, path="docs", after=after)
        found = list(store.query(UNRESOLVED, query, {"status": "open"}, page_size=3))
        fail_next(failing, clear=True)
        assert [each["anomaly_id"] for each in found] == [f"well-1-{number}-a" for number in range(12)[::-1]]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_failed_write_is_repeated_and_written_once(failing: CosmosServer, fault: dict[str, Any]) -> None:
    with fresh_store(failing) as store:
        fail_next(failing, **fault, path="docs")
        documents = [verdict(second) for second in range(20)]
        assert store.upsert_verdicts(documents[0]["source_day"], documents) == 20
        assert store.existing_ids(documents[0]["source_day"], [each["id"] for each in documents]) == {
            each["id"] for each in documents
        }


def test_a_throttled_request_waits_as_long_as_cosmos_says(failing: CosmosServer) -> None:
    with fresh_store(failing) as store:
        waits: list[float] = []
        store.guard = Guard(DATABASE, sleep=waits.append)
        fail_next(failing, status=429, retry_after_ms=2500, count=2, path="docs")
        store.append_event({"id": "e-1", "anomaly_id": "e", "revision": 1})
        assert len(waits) == 2
        assert all(2.5 <= wait <= 2.75 for wait in waits)


def test_when_it_keeps_failing_its_own_error_is_raised_and_then_it_is_left_alone(
    failing: CosmosServer,
) -> None:
    with fresh_store(failing) as store:
        fail_next(failing, status=503, count=50, path="docs")
        with pytest.raises(Transient, match="503"):
            store.verdict("well-1:5")
        with pytest.raises(Transient, match="left alone"):
            store.verdict("well-1:5")
        fail_next(failing, clear=True)
        store.guard = Guard(DATABASE)
