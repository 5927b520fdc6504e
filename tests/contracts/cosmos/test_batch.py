"""Transactional batches: all or nothing, in one partition."""

from __future__ import annotations

import pytest
from azure.cosmos.exceptions import CosmosBatchOperationError, CosmosHttpResponseError


def test_every_operation_works_in_a_batch(container):
    container.create_item({"id": "old", "pk": "a", "n": 1})
    container.create_item({"id": "gone", "pk": "a"})
    results = container.execute_item_batch(
        [
            ("create", ({"id": "new", "pk": "a"},)),
            ("upsert", ({"id": "up", "pk": "a"},)),
            ("replace", ("old", {"id": "old", "pk": "a", "n": 2})),
            ("patch", ("old", [{"op": "incr", "path": "/n", "value": 1}])),
            ("read", ("old",)),
            ("delete", ("gone",)),
        ],
        "a",
    )
    assert [result["statusCode"] for result in results] == [201, 201, 200, 200, 200, 204]
    assert results[4]["resourceBody"]["n"] == 3
    assert results[4]["eTag"] == results[4]["resourceBody"]["_etag"]
    assert sorted(item["id"] for item in container.read_all_items()) == ["new", "old", "up"]


def test_one_failure_undoes_all_and_tells_which(container):
    container.create_item({"id": "1", "pk": "a", "n": 1})
    operations = [
        ("create", ({"id": "2", "pk": "a"},)),
        ("patch", ("1", [{"op": "incr", "path": "/n", "value": 1}])),
        ("create", ({"id": "1", "pk": "a"},)),
        ("delete", ("1",)),
    ]
    with pytest.raises(CosmosBatchOperationError) as failed:
        container.execute_item_batch(operations, "a")
    assert failed.value.error_index == 2
    assert [result["statusCode"] for result in failed.value.operation_responses] == [424, 424, 409, 424]
    assert [item["n"] for item in container.read_all_items()] == [1]


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (("read", ("missing",)), 404),
        (("delete", ("missing",)), 404),
        (("replace", ("1", {"id": "1", "pk": "a"}), {"if_match_etag": '"another"'}), 412),
        (
            (
                "patch",
                ("1", [{"op": "set", "path": "/n", "value": 1}]),
                {"filter_predicate": "from c where c.n = 5"},
            ),
            412,
        ),
    ],
)
def test_the_failed_operation_has_its_own_status(container, operation, status):
    container.create_item({"id": "1", "pk": "a"})
    with pytest.raises(CosmosBatchOperationError) as failed:
        container.execute_item_batch([("upsert", ({"id": "2", "pk": "a"},)), operation], "a")
    assert failed.value.status_code == status
    assert [item["id"] for item in container.read_all_items()] == ["1"]


def test_fifty_large_documents_go_in_one_batch(container):
    documents = [
        {"id": str(n), "pk": "a", "values": {f"TAG_{t}": n + t / 10 for t in range(100)}} for n in range(50)
    ]
    results = container.execute_item_batch([("upsert", (document,)) for document in documents], "a")
    assert len(results) == 50
    assert list(container.query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")) == [50]


def test_a_batch_may_do_without_the_documents_in_the_answer(account, container):
    operations = [("upsert", ({"id": "1", "pk": "a"},)), ("read", ("1",))]
    written, read = container.execute_item_batch(operations, "a", no_response=True)
    assert written["statusCode"] == 201
    assert account.server is None or "resourceBody" not in written
    assert read["resourceBody"]["id"] == "1"


def test_more_than_a_hundred_operations_are_refused(container):
    operations = [("upsert", ({"id": str(number), "pk": "a"},)) for number in range(101)]
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.execute_item_batch(operations, "a")
    assert refused.value.status_code == 400


def test_more_than_two_megabytes_are_413(container):
    operations = [("upsert", ({"id": str(number), "pk": "a", "text": "x" * 500_000},)) for number in range(5)]
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.execute_item_batch(operations, "a")
    assert refused.value.status_code == 413
    assert list(container.read_all_items()) == []
