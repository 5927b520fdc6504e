"""Partition keys of several paths: whole ones, and the first part of one."""

from __future__ import annotations

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.exceptions import CosmosResourceNotFoundError


@pytest.fixture
def filled(database):
    key = PartitionKey(path=["/site", "/well"], kind="MultiHash")
    container = database.create_container("hierarchical", key)
    for site in ("north", "south"):
        for well in ("1", "2", "3"):
            container.create_item({"id": well, "site": site, "well": well})
    yield container
    database.delete_container(container.id)


def test_an_item_is_found_by_its_whole_key(filled):
    assert filled.read_item("2", ["north", "2"])["site"] == "north"
    with pytest.raises(CosmosResourceNotFoundError):
        filled.read_item("2", ["north", "3"])


def test_a_query_takes_a_whole_key_or_its_beginning(filled):
    assert list(filled.query_items("SELECT VALUE c.id FROM c", partition_key=["south", "3"])) == ["3"]
    found = list(filled.query_items("SELECT * FROM c", partition_key=["south"]))
    assert sorted((item["site"], item["well"]) for item in found) == [
        ("south", "1"),
        ("south", "2"),
        ("south", "3"),
    ]


def test_a_batch_works_in_one_whole_key(filled):
    filled.execute_item_batch([("upsert", ({"id": "x", "site": "north", "well": "1"},))], ["north", "1"])
    assert filled.read_item("x", ["north", "1"])["id"] == "x"
