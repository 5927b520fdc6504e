"""What outlives the process: kill -9, a restart, a full disk."""

from __future__ import annotations

import threading

import pytest
from azure.core.exceptions import AzureError
from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError

from tests.support.cosmos_server import cosmos_server


def open_container(server, name="c"):
    client = CosmosClient(server.endpoint, server.key)
    return client.create_database_if_not_exists("d").create_container_if_not_exists(name, PartitionKey("/pk"))


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    with cosmos_server(tmp_path) as server:
        container = open_container(server)
        acknowledged: list[str] = []
        enough = threading.Event()

        def write():
            try:
                for number in range(100_000):
                    container.upsert_item({"id": str(number), "pk": "a", "text": "x" * 2_000}, retry_write=0)
                    acknowledged.append(str(number))
                    if number == 60:
                        enough.set()
            except AzureError:
                pass

        writer = threading.Thread(target=write)
        writer.start()
        assert enough.wait(60)
        server.kill()
        writer.join(90)
        server.restart()
        there = set(open_container(server).query_items("SELECT VALUE c.id FROM c", partition_key="a"))
        assert set(acknowledged) <= there
        assert len(there) <= len(acknowledged) + 1


def test_a_batch_is_whole_or_absent_after_kill_9(tmp_path):
    with cosmos_server(tmp_path) as server:
        container = open_container(server)
        operations = [("create", ({"id": str(number), "pk": "a"},)) for number in range(50)]
        container.execute_item_batch(operations, "a")
        server.kill()
        server.restart()
        assert list(
            open_container(server).query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")
        ) == [50]


def test_tokens_and_feeds_go_on_after_a_restart(tmp_path):
    with cosmos_server(tmp_path) as server:
        container = open_container(server)
        for number in range(10):
            container.create_item({"id": str(number), "pk": "a"})
        pager = container.query_items(
            "SELECT VALUE c.id FROM c", partition_key="a", max_item_count=4
        ).by_page()
        first = list(next(pager))
        list(container.query_items_change_feed(start_time="Beginning"))
        feed = container.client_connection.last_response_headers["etag"]
        server.restart()
        container = open_container(server)
        rest = container.query_items("SELECT VALUE c.id FROM c", partition_key="a").by_page(
            pager.continuation_token
        )
        assert first + [item for page in rest for item in page] == [str(number) for number in range(10)]
        container.create_item({"id": "new", "pk": "a"})
        assert [item["id"] for item in container.query_items_change_feed(continuation=feed)] == ["new"]


def test_a_full_disk_is_503_and_loses_nothing(tmp_path):
    with cosmos_server(tmp_path, "--max-megabytes", "2") as server:
        container = open_container(server)
        kept = 0
        with pytest.raises(CosmosHttpResponseError) as refused:
            for number in range(100):
                container.create_item({"id": str(number), "pk": "a", "text": "x" * 100_000})
                kept += 1
        assert refused.value.status_code == 503
        assert "full" in str(refused.value.message)
        assert kept > 5
        assert list(container.query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")) == [kept]
        container.delete_item("0", "a")
        container.create_item({"id": "again", "pk": "a", "text": "x" * 1_000})
