"""Batches: up to 100 operations in one partition, all or none; and bulk, where each stands alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request
from anomalyctl.local.cosmos.items import Conditions, Items, Outcome
from anomalyctl.local.cosmos.partition_keys import PartitionKey, from_header

MAX_OPERATIONS = 100
_FAILED_DEPENDENCY = 424


class BatchFailed(Exception):
    """Rolls the transaction back; `results` is what the client is told."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__("batch rolled back")
        self.results = results


def run_batch(
    connection: sqlite3.Connection, container: Container, key: PartitionKey, operations: Any, now: int
) -> list[dict[str, Any]]:
    """One result per operation. Raises BatchFailed (one with its status, the others 424) or a 400 failure."""
    items = Items(connection, container, now)
    results: list[dict[str, Any]] = []
    for place, operation in enumerate(_checked(operations)):
        try:
            results.append(_result(_apply(items, key, operation), operation))
        except CosmosFailure as failure:
            skipped = {"statusCode": _FAILED_DEPENDENCY, "requestCharge": 0.0}
            told: list[dict[str, Any]] = [dict(skipped) for _ in operations]
            told[place] = _failure(failure)
            raise BatchFailed(told) from None
    return results


def run_bulk(
    connection: sqlite3.Connection, container: Container, operations: Any, now: int
) -> list[dict[str, Any]]:
    """One result per operation; each has its own partition key and succeeds or fails alone."""
    items = Items(connection, container, now)
    results = []
    for operation in _checked(operations):
        connection.execute("SAVEPOINT operation")
        try:
            key = from_header(operation.get("partitionKey"), container.partition_key_paths)
            if key is None:
                raise bad_request("PartitionKey value must be supplied for this operation.")
            results.append(_result(_apply(items, key, operation), operation))
        except CosmosFailure as failure:
            connection.execute("ROLLBACK TO operation")
            results.append(_failure(failure))
        connection.execute("RELEASE operation")
    return results


def _checked(operations: Any) -> list[dict[str, Any]]:
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise bad_request("A batch is a list of operations.")
    if not 0 < len(operations) <= MAX_OPERATIONS:
        raise bad_request(
            f"Batch request has {len(operations)} operations; 1 to {MAX_OPERATIONS} are allowed."
        )
    return operations


def _apply(items: Items, key: PartitionKey, operation: dict[str, Any]) -> Outcome:
    name, item_id, body = (
        operation.get("operationType"),
        str(operation.get("id")),
        operation.get("resourceBody"),
    )
    conditions = Conditions(operation.get("ifMatch"), operation.get("ifNoneMatch"))
    handlers: dict[Any, Callable[[], Outcome]] = {
        "Create": lambda: items.create(key, body),
        "Upsert": lambda: items.upsert(key, body, conditions),
        "Replace": lambda: items.replace(key, item_id, body, conditions),
        "Read": lambda: items.read(key, item_id, conditions.if_none_match),
        "Delete": lambda: items.delete(key, item_id, conditions),
        "Patch": lambda: items.patch(key, item_id, body, conditions),
    }
    if name not in handlers:
        raise bad_request(f"Unknown batch operation {name!r}.")
    return handlers[name]()


def _result(outcome: Outcome, operation: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"statusCode": outcome.status, "requestCharge": outcome.charge}
    if outcome.etag:
        result["eTag"] = outcome.etag
    wanted = operation.get("operationType") == "Read" or operation.get("minimalReturnPreference") is not True
    if outcome.body is not None and wanted:
        result["resourceBody"] = orjson.Fragment(outcome.body)
    return result


def _failure(failure: CosmosFailure) -> dict[str, Any]:
    result: dict[str, Any] = {"statusCode": failure.status, "requestCharge": 1.0, "message": failure.message}
    if failure.substatus:
        result["subStatusCode"] = failure.substatus
    return result
