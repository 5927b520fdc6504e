"""The change feed, latest version: from everywhere it can start, and on from where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest


def ids(feed):
    return [item["id"] for item in feed]


@pytest.fixture
def filled(container):
    for number in range(10):
        container.create_item({"id": str(number), "pk": "ab"[number % 2], "n": number})
    return container


def test_from_the_beginning_every_item_comes_once_in_the_order_of_its_last_write(filled):
    filled.upsert_item({"id": "3", "pk": "b", "n": 33})
    feed = list(filled.query_items_change_feed(start_time="Beginning"))
    assert ids(feed) == ["0", "1", "2", "4", "5", "6", "7", "8", "9", "3"]
    assert feed[-1]["n"] == 33
    assert all(item["_lsn"] for item in feed)


def test_deleted_items_do_not_appear(filled):
    filled.delete_item("4", "a")
    assert "4" not in ids(filled.query_items_change_feed(start_time="Beginning"))


def test_from_now_only_what_comes_after(filled):
    feed = filled.query_items_change_feed(start_time="Now")
    assert ids(feed) == []
    continuation = filled.client_connection.last_response_headers["etag"]
    assert ids(filled.query_items_change_feed(continuation=continuation)) == []
    filled.create_item({"id": "new", "pk": "a"})
    assert ids(filled.query_items_change_feed(continuation=continuation)) == ["new"]


def test_the_continuation_goes_on_behind_the_last_page(filled):
    pages = filled.query_items_change_feed(start_time="Beginning", max_item_count=4).by_page()
    first = ids(next(pages))
    continuation = filled.client_connection.last_response_headers["etag"]
    assert first == ["0", "1", "2", "3"]
    rest = ids(filled.query_items_change_feed(continuation=continuation, max_item_count=4))
    assert rest == ["4", "5", "6", "7", "8", "9"]


def test_one_partition_key_alone(filled):
    assert ids(filled.query_items_change_feed(start_time="Beginning", partition_key="b")) == [
        "1",
        "3",
        "5",
        "7",
        "9",
    ]


def test_from_a_time(filled):
    past = datetime.now(UTC) - timedelta(hours=1)
    assert len(ids(filled.query_items_change_feed(start_time=past))) == 10
    future = datetime.now(UTC) + timedelta(hours=1)
    assert ids(filled.query_items_change_feed(start_time=future)) == []


def test_feed_ranges_cover_the_container(filled):
    found: list[str] = []
    for feed_range in filled.read_feed_ranges():
        found += ids(filled.query_items_change_feed(feed_range=feed_range, start_time="Beginning"))
    assert sorted(found) == [str(number) for number in range(10)]


def test_the_feed_tells_a_closing_that_was_patched_under_a_ttl(new_container):
    container = new_container(default_ttl=-1)
    container.create_item({"id": "1", "pk": "a", "status": "open"})
    continuation_of = container.client_connection.last_response_headers
    list(container.query_items_change_feed(start_time="Now"))
    continuation = container.client_connection.last_response_headers["etag"]
    assert continuation_of
    container.patch_item("1", "a", [{"op": "set", "path": "/ttl", "value": 600}])
    assert [item["ttl"] for item in container.query_items_change_feed(continuation=continuation)] == [600]
