"""The consumer group: nothing is lost, nothing is removed before it is acknowledged."""

from __future__ import annotations

from typing import Any

import pytest

from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.keys import GROUP, READINGS
from anomalyctl.stores.readings.queue import ReadingQueue, following_id


@pytest.fixture
def queue(reading_store: ReadingStore) -> ReadingQueue:
    reading_store.queue.create_group()
    return reading_store.queue


def _add(client: Any, count: int) -> list[str]:
    return [
        client.xadd(READINGS, {"source": "well-1", "payload": f"{n}", "origin": "live"}).decode()
        for n in range(count)
    ]


def test_the_group_sees_what_was_queued_before_it_existed(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    ids = _add(redis_client, 3)
    reading_store.queue.create_group()
    reading_store.queue.create_group()
    assert [entry.id for entry in reading_store.queue.read_new("a", 10)] == ids


def test_entries_without_a_source_come_from_the_default_one(queue: ReadingQueue, redis_client: Any) -> None:
    redis_client.xadd(READINGS, {"payload": "{}"})
    [entry] = queue.read_new("a", 10)
    assert (entry.source, entry.payload, entry.origin) == ("well-1", b"{}", "live")


def test_what_a_dead_consumer_had_read_is_taken_over_in_order(queue: ReadingQueue, redis_client: Any) -> None:
    ids = _add(redis_client, 5)
    queue.read_new("dead", 2)
    queue.read_new("me", 2)
    first, go_on = queue.take_over("me", 3)
    assert [entry.id for entry in first] == ids[:3]
    assert go_on is not None
    second, end = queue.take_over("me", 3, after=go_on)
    assert [entry.id for entry in second] == ids[3:4]
    assert end is None


def test_a_pending_entry_that_was_removed_is_acknowledged(queue: ReadingQueue, redis_client: Any) -> None:
    ids = _add(redis_client, 2)
    queue.read_new("dead", 2)
    redis_client.xdel(READINGS, ids[0])
    entries, _ = queue.take_over("me", 10)
    assert [entry.id for entry in entries] == ids[1:]
    assert queue.pending() == (1, ids[1])


def test_a_consumer_with_pending_entries_is_never_deleted(queue: ReadingQueue, redis_client: Any) -> None:
    _add(redis_client, 2)
    queue.read_new("busy", 1)
    [done] = queue.read_new("done", 1)
    queue.acknowledge([done.id])
    queue.read_new("me", 1)
    assert queue.delete_idle_consumers(but="me", idle_s=0) == 1
    names = {row["name"] for row in redis_client.xinfo_consumers(READINGS, GROUP)}
    assert b"busy" in names
    assert b"done" not in names


def test_only_what_the_group_acknowledged_is_removed(queue: ReadingQueue, redis_client: Any) -> None:
    ids = _add(redis_client, 6)
    redis_client.xgroup_create(READINGS, "process_readings", id="0")
    redis_client.xreadgroup("process_readings", "host", {READINGS: ">"}, noack=True)
    queue.read_new("me", 4)
    queue.acknowledge([ids[0], ids[2]])
    assert queue.remove_acknowledged() == 2
    assert [row[0].decode() for row in redis_client.xrange(READINGS)] == [ids[1], *ids[3:]]
    assert queue.remove_acknowledged() == 0


def test_nothing_is_removed_without_the_group(reading_store: ReadingStore, redis_client: Any) -> None:
    assert reading_store.queue.remove_acknowledged() == 0
    _add(redis_client, 2)
    assert reading_store.queue.remove_acknowledged() == 0
    assert redis_client.xlen(READINGS) == 2


def test_the_backlog_tells_unread_and_unacknowledged_apart(
    reading_store: ReadingStore, queue: ReadingQueue, redis_client: Any
) -> None:
    assert reading_store.backlog().oldest_ms is None
    ids = _add(redis_client, 1_005)
    queue.read_new("me", 3)
    queue.acknowledge([ids[0]])
    backlog = reading_store.backlog()
    assert (backlog.queued, backlog.pending) == (1_002, 2)
    assert backlog.oldest_ms == int(ids[1].split("-")[0])


def test_the_following_id_is_the_next_sequence_number() -> None:
    assert following_id("17-4") == "17-5"
