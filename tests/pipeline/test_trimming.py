"""A Redis without room: what was accepted is judged, now or later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from anomalyctl.errors import Transient, Unreachable
from anomalyctl.pipeline.batches import BATCH
from anomalyctl.pipeline.retrying import retry_due
from anomalyctl.pipeline.trimming import TRIM_FROM, TRIM_TO
from anomalyctl.stores.anomalies import AnomalyStore
from tests.pipeline.conftest import NOW, START_MS, Bench
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server

Quiet = Callable[..., list[tuple[int, bytes]]]


@pytest.fixture(autouse=True)
def room_again(redis_client: Any) -> Iterator[None]:
    """The server is the session's."""
    yield
    redis_client.config_set("maxmemory", 0)


def limit_to(bench: Bench, share: float) -> None:
    """Set the limit so that this share of it is in use."""
    used = int(bench.redis.info("memory")["used_memory"])
    bench.redis.config_set("maxmemory", int(used / share))


def padded(count: int) -> list[tuple[int, bytes]]:
    """Readings that weigh 3 kB, as those of a hundred tags do."""
    return [(START_MS + 10_000 * n, b'{"n": %d, "x": "%b"}' % (n, b"x" * 3_000)) for n in range(count)]


def test_with_room_nothing_is_trimmed(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(10))
    assert bench.readings.memory_share() == 0.0, "without a limit"
    limit_to(bench, 0.5)
    assert bench.drainer().drain().tally.judged == 10
    assert bench.verdicts.letters == {}


def test_what_is_acknowledged_goes_before_any_reading_does(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(600))
    bench.drainer().drain()
    bench.send(quiet(5, source="well-2"), source="well-2")
    limit_to(bench, TRIM_FROM + 0.02)
    assert bench.drainer().drain().tally.judged == 5
    assert bench.redis.xlen("telemetry:readings") <= 5
    assert bench.verdicts.letters == {}


def test_the_oldest_unprocessed_move_and_the_newest_are_judged(
    bench: Bench, quiet: Quiet, caplog: pytest.LogCaptureFixture
) -> None:
    rows = quiet(BATCH + 300)
    bench.send(rows)
    bench.readings.queue.create_group()
    bench.readings.queue.read_new("a-host-that-died", 50)
    bench.redis.config_set("maxmemory", 1_000_000)
    with caplog.at_level(logging.CRITICAL):
        drained = bench.drainer().drain()
    assert drained.failures == {}
    assert drained.tally.judged == BATCH
    assert len(bench.verdicts.letters) == 300
    letters = {letter["payload"].encode() for letter in bench.verdicts.letters.values()}
    assert letters == {payload for _, payload in rows[:300]}
    assert {letter["kind"] for letter in bench.verdicts.letters.values()} == {"trimmed"}
    assert bench.nothing_waits()
    assert "ALERT" in caplog.text


def test_a_trimmed_reading_that_names_anothers_letter_is_kept_in_one_of_its_own(bench: Bench) -> None:
    bench.send([(1, b"{broken")])
    bench.drainer().drain()
    [letter] = bench.verdicts.letters
    [(_, payload), *rows] = padded(3_000)
    bench.redis.xadd("telemetry:readings", {"source": "well-1", "payload": payload, "letter": letter})
    bench.send(rows)
    limit_to(bench, 0.9)
    bench.drainer().make_room()
    backlog = bench.readings.backlog()
    assert backlog.queued + len(bench.verdicts.letters) == 3_001


def test_trimming_stops_where_there_is_room(bench: Bench) -> None:
    bench.send(padded(3_000))
    limit_to(bench, 0.9)
    bench.drainer().make_room()
    share = bench.readings.memory_share()
    assert TRIM_TO - 0.1 < share < TRIM_TO
    backlog = bench.readings.backlog()
    assert backlog.queued + len(bench.verdicts.letters) == 3_000


def test_a_full_redis_refuses_producers_and_not_the_pipeline(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(100)
    bench.send(rows[:99])
    bench.redis.config_set("maxmemory", 1_000_000)
    with pytest.raises(Transient, match="out of memory"):
        bench.send(rows[99:])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.failures) == (99, {})
    assert bench.readings.load_memory("well-1")["heuristic"]["as_of"] == rows[98][0]


def test_where_cosmos_takes_nothing_nothing_is_removed(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(BATCH + 20))
    bench.redis.config_set("maxmemory", 1_000_000)
    bench.verdicts.broken = True
    with pytest.raises(Unreachable):
        bench.drainer().drain()
    assert bench.readings.backlog().queued == BATCH + 20
    assert bench.readings.leases.holder("readings") is None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer, bench: Bench) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        bench.verdicts = fresh  # type: ignore[assignment]
        yield fresh


def test_trimmed_readings_come_back_when_there_is_room_and_none_is_lost(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    rows = quiet(BATCH + 250)
    bench.send(rows)
    bench.redis.config_set("maxmemory", 1_000_000)
    bench.drainer().drain()
    assert store.count_dead_letters() == 250
    assert retry_due(bench.readings, store, now=NOW) == 0, "no room yet"
    bench.redis.config_set("maxmemory", 0)
    assert retry_due(bench.readings, store, now=NOW + timedelta(seconds=1)) == 250
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.late) == (250, 250)
    assert store.count_dead_letters() == 0
    query = "SELECT VALUE c.id FROM c"
    assert sorted(store.query("anomaly_results", query, {})) == sorted(f"well-1:{ms}" for ms, _ in rows)
