"""Trouble on demand: 429 by the bound on throughput and by fault, 503, 412, and connections that are cut."""

from __future__ import annotations

import os
import subprocess
import sys

import httpx
import pytest
from azure.core.exceptions import AzureError
from azure.cosmos import CosmosClient, PartitionKey
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosHttpResponseError

from anomalyctl.errors import InvalidInput
from tests.contracts.cosmos.signing import signed_headers
from tests.support.cosmos_server import cosmos_server


def test_a_used_up_second_is_429_with_the_time_to_wait(tmp_path):
    with cosmos_server(tmp_path, "--request-units-per-second", "25") as server:
        database = CosmosClient(server.endpoint, server.key).create_database("d")
        container = database.create_container("c", PartitionKey("/pk"))
        headers = signed_headers(server.key, "post", "docs", f"dbs/d/colls/{container.id}")
        headers |= {"x-ms-documentdb-partitionkey": '["a"]', "x-ms-documentdb-is-upsert": "true"}
        with httpx.Client(base_url=server.endpoint, headers=headers) as hasty:
            answers = [hasty.post("/dbs/d/colls/c/docs", json={"id": "1", "pk": "a"}) for _ in range(30)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].headers["x-ms-substatus"] == "3200"
        assert 0 < int(refused[0].headers["x-ms-retry-after-ms"]) <= 1000
        assert {answer.status_code for answer in answers} <= {200, 201, 429}
        # The SDK waits as long as it is told to, and then succeeds.
        container.create_item({"id": "late", "pk": "a"})


def test_throttling_on_demand_is_waited_out_by_the_sdk(control, container):
    control.order(status=429, count=3, retry_after_ms=5, path="docs", method="POST")
    assert container.create_item({"id": "1", "pk": "a"})["id"] == "1"
    assert control.struck() == 3


def test_throttling_that_does_not_end_reaches_the_caller(control, container):
    control.order(status=429, count=100, retry_after_ms=1, path="docs", method="POST")
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.create_item({"id": "1", "pk": "a"})
    assert refused.value.status_code == 429
    control.order(clear=True)
    assert list(container.read_all_items()) == []


def test_an_outage_on_demand_is_503(control, account, container):
    control.order(status=503, count=50, path="docs/1", method="GET")
    with pytest.raises(CosmosHttpResponseError) as refused:
        container.read_item("1", "a")
    assert refused.value.status_code == 503


def test_a_lost_race_on_demand_is_412(control, container):
    container.create_item({"id": "1", "pk": "a"})
    control.order(status=412, count=1, path="docs", method="PATCH")
    operations = [{"op": "set", "path": "/n", "value": 1}]
    with pytest.raises(CosmosAccessConditionFailedError):
        container.patch_item("1", "a", operations)
    assert container.patch_item("1", "a", operations)["n"] == 1


def test_a_cut_connection_leaves_the_caller_without_an_answer(control, container):
    control.order(cut=True, count=20, path="docs", method="POST")
    with pytest.raises(AzureError):
        container.create_item({"id": "1", "pk": "a"}, retry_write=0)
    control.order(clear=True)
    assert list(container.read_all_items()) == []


def test_a_connection_may_be_cut_after_the_work_was_done(control, container):
    control.order(cut=True, applied=True, count=1, path="docs", method="POST")
    with pytest.raises(AzureError):
        container.create_item({"id": "1", "pk": "a"}, retry_write=0)
    assert [item["id"] for item in container.read_all_items()] == ["1"]


def test_a_fault_may_wait_for_its_turn(control, container):
    control.order(status=412, count=1, after=2, path="docs", method="POST")
    container.create_item({"id": "1", "pk": "a"})
    container.create_item({"id": "2", "pk": "a"})
    with pytest.raises(CosmosAccessConditionFailedError):
        container.create_item({"id": "3", "pk": "a"})


def test_faults_stay_on_this_machine(tmp_path):
    command = [
        sys.executable,
        "-m",
        "anomalyctl.local.cosmos",
        "--port",
        "0",
        "--host",
        "192.0.2.1",  # of no machine
        "--faults",
    ]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "x.sqlite3")],
        env=os.environ | {"COSMOS_ENDPOINT_KEY": "a2V5"},  # pragma: allowlist secret
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == InvalidInput.exit_code
    assert "cannot listen on 192.0.2.1" in done.stderr


def test_there_are_no_faults_unless_asked_for(tmp_path):
    with cosmos_server(tmp_path) as server:
        assert httpx.post(f"{server.endpoint}/_faults", json={"status": 503}).status_code == 401


def test_an_unknown_fault_is_refused(control, account):
    answer = httpx.post(f"{account.endpoint}/_faults", json={"explode": True})
    assert answer.status_code == 400
    assert "explode" in answer.json()["message"]
