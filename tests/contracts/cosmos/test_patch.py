"""Patch: what each operation does, and when nothing is done."""

from __future__ import annotations

import pytest
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosHttpResponseError


@pytest.fixture
def patched(container):
    """Writes a document, patches it, gives what is then read."""

    def run(document, *operations, **options):
        container.upsert_item({"id": "1", "pk": "a", **document})
        container.patch_item("1", "a", list(operations), **options)
        found = container.read_item("1", "a")
        return {key: value for key, value in found.items() if key not in ("id", "pk") and key[0] != "_"}

    return run


def test_set_adds_and_overwrites(patched):
    operations = [{"op": "set", "path": "/a", "value": 2}, {"op": "set", "path": "/b", "value": {"c": 1}}]
    assert patched({"a": 1}, *operations) == {"a": 2, "b": {"c": 1}}


def test_add_inserts_into_arrays(patched):
    operations = [
        {"op": "add", "path": "/list/1", "value": "x"},
        {"op": "add", "path": "/list/-", "value": "z"},
    ]
    assert patched({"list": ["a", "b"]}, *operations) == {"list": ["a", "x", "b", "z"]}


def test_set_overwrites_an_element(patched):
    assert patched({"list": [1, 2]}, {"op": "set", "path": "/list/0", "value": 9}) == {"list": [9, 2]}


def test_remove_and_replace(patched):
    operations = [{"op": "remove", "path": "/a"}, {"op": "replace", "path": "/b/c", "value": 3}]
    assert patched({"a": 1, "b": {"c": 2}}, *operations) == {"b": {"c": 3}}


def test_incr_counts_up_and_down_and_from_nothing(patched):
    operations = [{"op": "incr", "path": "/n", "value": -2}, {"op": "incr", "path": "/new", "value": 5}]
    assert patched({"n": 10}, *operations) == {"n": 8, "new": 5}


def test_move_takes_a_value_elsewhere(patched):
    assert patched({"a": {"b": 1}}, {"op": "move", "from": "/a/b", "path": "/c"}) == {"a": {}, "c": 1}


def test_a_key_with_a_slash_is_escaped(patched):
    assert patched({}, {"op": "set", "path": "/a~1b", "value": 1}) == {"a/b": 1}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "remove", "path": "/missing"},
        {"op": "set", "path": "/missing/deeper", "value": 1},
        {"op": "incr", "path": "/text", "value": 1},
        {"op": "set", "path": "/id", "value": "2"},
        {"op": "set", "path": "/pk", "value": "b"},
        {"op": "set", "path": "/list/7", "value": 1},
        {"op": "frobnicate", "path": "/a", "value": 1},
    ],
)
def test_an_operation_that_cannot_be_done_is_400_and_does_nothing(container, operation):
    container.create_item({"id": "1", "pk": "a", "text": "x", "list": [], "n": 1})
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.patch_item("1", "a", [{"op": "set", "path": "/n", "value": 2}, operation])
    assert refused.value.status_code == 400
    assert container.read_item("1", "a")["n"] == 1


def test_more_than_ten_operations_are_refused(container):
    container.create_item({"id": "1", "pk": "a"})
    operations = [{"op": "set", "path": f"/k{number}", "value": number} for number in range(11)]
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.patch_item("1", "a", operations)
    assert refused.value.status_code == 400
    assert container.patch_item("1", "a", operations[:10])["k9"] == 9


def test_a_condition_that_holds_lets_the_patch_through(patched):
    found = patched(
        {"status": "open", "revision": 1},
        {"op": "set", "path": "/status", "value": "resolved"},
        {"op": "incr", "path": "/revision", "value": 1},
        filter_predicate="FROM c WHERE c.status = 'open' AND c.revision = 1",
    )
    assert found == {"status": "resolved", "revision": 2}


def test_a_condition_that_does_not_hold_is_412(container):
    container.create_item({"id": "1", "pk": "a", "status": "resolved"})
    operations = [{"op": "set", "path": "/status", "value": "open"}]
    for condition in ("FROM c WHERE c.status = 'open'", "from c where c.missing = 1"):
        with pytest.raises(CosmosAccessConditionFailedError):
            container.patch_item("1", "a", operations, filter_predicate=condition)
    assert container.read_item("1", "a")["status"] == "resolved"


def test_a_condition_that_nobody_understands_is_400(container):
    container.create_item({"id": "1", "pk": "a"})
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.patch_item(
            "1", "a", [{"op": "set", "path": "/n", "value": 1}], filter_predicate="where what"
        )
    assert refused.value.status_code == 400
