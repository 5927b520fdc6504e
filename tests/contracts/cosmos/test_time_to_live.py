"""Time to live: the container's, the item's, and what expired items no longer do."""

from __future__ import annotations

import pytest
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError


def test_an_expired_item_is_gone_from_every_view(new_container, pass_time):
    container = new_container(default_ttl=-1)
    container.create_item({"id": "short", "pk": "a", "ttl": 2})
    container.create_item({"id": "long", "pk": "a"})
    pass_time(4)
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("short", "a")
    assert [item["id"] for item in container.read_all_items()] == ["long"]
    assert list(container.query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")) == [1]
    assert [item["id"] for item in container.query_items_change_feed(start_time="Beginning")] == ["long"]


def test_the_items_own_goes_before_the_containers(new_container, pass_time):
    container = new_container(default_ttl=2)
    container.create_item({"id": "default", "pk": "a"})
    container.create_item({"id": "longer", "pk": "a", "ttl": 3600})
    container.create_item({"id": "for-ever", "pk": "a", "ttl": -1})
    pass_time(4)
    assert sorted(item["id"] for item in container.read_all_items()) == ["for-ever", "longer"]


def test_a_write_starts_the_time_anew(new_container, pass_time):
    container = new_container(default_ttl=-1)
    container.create_item({"id": "1", "pk": "a", "ttl": 600})
    patched = container.patch_item("1", "a", [{"op": "set", "path": "/ttl", "value": 3}])
    assert patched["ttl"] == 3
    pass_time(5)
    with pytest.raises(CosmosResourceNotFoundError):
        container.read_item("1", "a")


def test_without_a_container_default_items_stay(container, pass_time):
    container.create_item({"id": "1", "pk": "a", "ttl": 1})
    pass_time(3)
    assert container.read_item("1", "a")["ttl"] == 1


def test_an_expired_id_can_be_taken_again(new_container, pass_time):
    container = new_container(default_ttl=-1)
    container.create_item({"id": "1", "pk": "a", "ttl": 1, "n": 1})
    pass_time(3)
    assert container.create_item({"id": "1", "pk": "a", "n": 2})["n"] == 2


@pytest.mark.parametrize("ttl", [0, -2, "5", 1.5])
def test_a_ttl_that_means_nothing_is_refused(new_container, ttl):
    container = new_container(default_ttl=-1)
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.create_item({"id": "1", "pk": "a", "ttl": ttl})
    assert refused.value.status_code == 400


def test_expired_items_are_purged_for_good(new_container, control, account):
    container = new_container(default_ttl=2)
    for number in range(20):
        container.create_item({"id": str(number), "pk": "a"})
    control.order(clock_ahead_s=10)
    control.order(purge=True)
    # Back in time they would be alive again, were they still there.
    control.order(clock_ahead_s=0)
    assert list(container.read_all_items()) == []
