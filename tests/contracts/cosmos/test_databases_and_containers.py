"""Databases and containers: made, read, listed, changed, removed; throughput as with serverless."""

from __future__ import annotations

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.exceptions import (
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)


def test_a_database_is_listed_and_read(client, database):
    assert database.id in [found["id"] for found in client.list_databases()]
    assert database.read()["id"] == database.id


def test_a_second_database_of_that_name_is_a_conflict(client, database):
    with pytest.raises(CosmosResourceExistsError):
        client.create_database(database.id)
    assert client.create_database_if_not_exists(database.id).id == database.id


def test_what_is_missing_is_404(client, database):
    with pytest.raises(CosmosResourceNotFoundError):
        client.get_database_client("nowhere").read()
    with pytest.raises(CosmosResourceNotFoundError):
        database.get_container_client("nowhere").read()
    with pytest.raises(CosmosResourceNotFoundError):
        database.delete_container("nowhere")


def test_a_container_keeps_its_definition(database, new_container):
    policy = {
        "indexingMode": "consistent",
        "includedPaths": [{"path": "/status/?"}],
        "excludedPaths": [{"path": "/*"}],
    }
    container = new_container("/source_day", default_ttl=-1, indexing_policy=policy)
    found = container.read()
    assert found["partitionKey"]["paths"] == ["/source_day"]
    assert found["defaultTtl"] == -1
    assert [entry["path"] for entry in found["indexingPolicy"]["includedPaths"]] == ["/status/?"]
    assert {"_rid", "_self", "_etag", "_ts"} <= set(found)
    assert container.id in [one["id"] for one in database.list_containers()]


def test_a_second_container_of_that_name_is_a_conflict(database, container):
    with pytest.raises(CosmosResourceExistsError):
        database.create_container(container.id, PartitionKey("/pk"))
    assert database.create_container_if_not_exists(container.id, PartitionKey("/pk")).id == container.id


def test_a_container_that_is_made_again_is_empty(database, new_container):
    container = new_container()
    container.create_item({"id": "1", "pk": "a"})
    database.delete_container(container.id)
    again = database.create_container(container.id, PartitionKey("/pk"))
    assert list(again.read_all_items()) == []


def test_a_client_that_knows_the_container_of_before_is_told_so(account, client, database, container):
    stale = database.get_container_client(container.id)
    stale.create_item({"id": "1", "pk": "a"})
    database.delete_container(container.id)
    other = account.client().get_database_client(database.id)
    other.create_container(container.id, PartitionKey("/pk"))
    # The SDK reads the container anew when it is told that its resource id is another.
    assert stale.upsert_item({"id": "2", "pk": "a"})["id"] == "2"
    assert [item["id"] for item in stale.read_all_items()] == ["2"]


def test_time_to_live_and_indexes_of_a_container_can_be_replaced(database, container):
    for number in range(5):
        container.create_item({"id": str(number), "pk": "a", "n": number})
    policy = {"includedPaths": [{"path": "/n/?"}], "excludedPaths": [{"path": "/*"}]}
    database.replace_container(container, PartitionKey("/pk"), default_ttl=3600, indexing_policy=policy)
    assert container.read()["defaultTtl"] == 3600
    found = container.query_items("SELECT VALUE c.n FROM c WHERE c.n >= 2 ORDER BY c.n", partition_key="a")
    assert list(found) == [2, 3, 4]


def test_the_partition_key_cannot_be_replaced(database, container):
    with pytest.raises(CosmosHttpResponseError) as refused:
        database.replace_container(container, PartitionKey("/other"))
    assert refused.value.status_code == 400


def test_containers_can_be_queried(database, container):
    named = [{"name": "@id", "value": container.id}]
    found = list(database.query_containers("SELECT * FROM c WHERE c.id = @id", parameters=named))
    assert [one["id"] for one in found] == [container.id]


def test_throughput_is_refused_as_by_a_serverless_account(database, container):
    with pytest.raises(CosmosHttpResponseError) as refused:
        database.create_container("c-throughput", PartitionKey("/pk"), offer_throughput=400)
    assert refused.value.status_code == 400
    with pytest.raises(CosmosHttpResponseError):
        container.get_throughput()


def test_an_id_with_a_slash_is_refused(database):
    with pytest.raises((CosmosHttpResponseError, ValueError)):
        database.create_container("a/b", PartitionKey("/pk"))
