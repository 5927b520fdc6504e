"""Items: each write and read, its etags, its headers, its refusals."""

from __future__ import annotations

import pytest
from azure.core import MatchConditions
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)
from azure.cosmos.partition_key import NonePartitionKeyValue


def test_an_item_comes_back_as_it_was_written(container):
    document = {
        "id": "well-1:1",
        "pk": "a",
        "ü": "ö",
        "deep": {"list": [1, 2.5, None, True, {"x": "y"}]},
        "big": 2**53,
    }
    written = container.create_item(document)
    read = container.read_item("well-1:1", "a")
    assert {key: read[key] for key in document} == document
    assert dict(read) == dict(written)
    assert {"_rid", "_self", "_etag", "_ts", "_attachments"} <= set(read)


def test_answers_carry_charge_etag_session_and_activity(container):
    headers = container.create_item({"id": "1", "pk": "a"}).get_response_headers()
    assert float(headers["x-ms-request-charge"]) > 1
    assert headers["etag"].strip('"')
    assert headers["x-ms-session-token"].startswith("0:")
    assert headers["x-ms-activity-id"]


def test_creating_it_twice_is_a_conflict(container):
    container.create_item({"id": "1", "pk": "a"})
    with pytest.raises(CosmosResourceExistsError) as refused:
        container.create_item({"id": "1", "pk": "a"})
    assert refused.value.status_code == 409


def test_one_id_may_be_in_two_partitions(container):
    container.create_item({"id": "1", "pk": "a", "n": 1})
    container.create_item({"id": "1", "pk": "b", "n": 2})
    assert container.read_item("1", "b")["n"] == 2


def test_what_is_missing_is_404(container):
    for attempt in (
        lambda: container.read_item("1", "a"),
        lambda: container.delete_item("1", "a"),
        lambda: container.replace_item("1", {"id": "1", "pk": "a"}),
        lambda: container.patch_item("1", "a", [{"op": "set", "path": "/n", "value": 1}]),
    ):
        with pytest.raises(CosmosResourceNotFoundError):
            attempt()


def test_upsert_creates_and_then_replaces(container):
    first = container.upsert_item({"id": "1", "pk": "a", "n": 1, "old": True})
    second = container.upsert_item({"id": "1", "pk": "a", "n": 2})
    assert first["_etag"] != second["_etag"]
    assert first["_rid"] == second["_rid"]
    assert "old" not in container.read_item("1", "a")


def test_a_write_under_an_old_etag_is_412_and_changes_nothing(container):
    first = container.create_item({"id": "1", "pk": "a", "n": 1})
    container.upsert_item({"id": "1", "pk": "a", "n": 2})
    old = {"etag": first["_etag"], "match_condition": MatchConditions.IfNotModified}
    for attempt in (
        lambda: container.replace_item("1", {"id": "1", "pk": "a", "n": 3}, **old),
        lambda: container.upsert_item({"id": "1", "pk": "a", "n": 3}, **old),
        lambda: container.delete_item("1", "a", **old),
        lambda: container.patch_item("1", "a", [{"op": "set", "path": "/n", "value": 3}], **old),
    ):
        with pytest.raises(CosmosAccessConditionFailedError):
            attempt()
    assert container.read_item("1", "a")["n"] == 2


def test_a_write_under_the_present_etag_succeeds(container):
    item = container.create_item({"id": "1", "pk": "a", "n": 1})
    present = {"etag": item["_etag"], "match_condition": MatchConditions.IfNotModified}
    item = container.replace_item("1", {"id": "1", "pk": "a", "n": 2}, **present)
    container.delete_item("1", "a", etag=item["_etag"], match_condition=MatchConditions.IfNotModified)
    assert list(container.read_all_items()) == []


def test_a_read_of_what_the_reader_has_is_304(account, container):
    item = container.create_item({"id": "1", "pk": "a"})
    headers: list[dict[str, str]] = []
    container.read_item(
        "1",
        "a",
        etag=item["_etag"],
        match_condition=MatchConditions.IfModified,
        response_hook=lambda found, _: headers.append(found),
    )
    assert headers[0]["etag"] == item["_etag"]


def test_another_partition_key_than_the_documents_is_refused(container):
    with pytest.raises(CosmosBatchOperationError) as refused:
        container.execute_item_batch([("create", ({"id": "2", "pk": "b"},))], "a")
    assert refused.value.status_code == 400


def test_an_item_without_the_partition_key_lives_in_the_undefined_partition(container):
    container.create_item({"id": "1", "n": 5})
    assert container.read_item("1", NonePartitionKeyValue)["n"] == 5
    container.create_item({"id": "1", "pk": None, "n": 6})
    assert container.read_item("1", None)["n"] == 6


def test_partition_keys_of_other_types_are_kept_apart(container):
    for value in ("1", 1, True):
        container.create_item({"id": "x", "pk": value, "kind": str(type(value))})
    assert container.read_item("x", 1)["kind"] == str(int)
    assert container.read_item("x", "1")["kind"] == str(str)
    assert container.read_item("x", True)["kind"] == str(bool)


@pytest.mark.parametrize("item_id", ["a/b", "a\\b", "a?b", "a#b"])
def test_an_id_with_a_sign_that_paths_cannot_hold_is_refused(container, item_id):
    with pytest.raises((CosmosHttpResponseError, ValueError)):
        container.create_item({"id": item_id, "pk": "a"})


def test_an_item_without_an_id_is_refused(container):
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.create_item({"pk": "a"})
    assert refused.value.status_code == 400


def test_ids_with_spaces_percents_and_umlauts_are_served(container):
    for item_id in ("a b", "100%", "größe", "a+b", "well-1:1756204829652"):
        container.upsert_item({"id": item_id, "pk": "a"})
        assert container.read_item(item_id, "a")["id"] == item_id


def test_an_item_beyond_two_megabytes_is_413(container):
    container.create_item({"id": "fits", "pk": "a", "text": "x" * 1_900_000})
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.create_item({"id": "big", "pk": "a", "text": "x" * 2_200_000})
    assert refused.value.status_code == 413


def test_a_write_may_do_without_the_document_in_the_answer(container):
    answer = container.upsert_item({"id": "1", "pk": "a"}, no_response=True)
    assert dict(answer) == {}
    assert container.read_item("1", "a")["id"] == "1"


def test_many_items_are_read_by_their_ids(container):
    for number in range(6):
        container.create_item({"id": str(number), "pk": "ab"[number % 2]})
    wanted = [("0", "a"), ("3", "b"), ("missing", "a"), ("4", "a")]
    assert sorted(item["id"] for item in container.read_items(wanted)) == ["0", "3", "4"]


def test_a_whole_partition_can_be_deleted(container):
    for number in range(4):
        container.create_item({"id": str(number), "pk": "ab"[number % 2]})
    container.delete_all_items_by_partition_key("a")
    assert {item["pk"] for item in container.read_all_items()} == {"b"}
