"""Which part of a container a request looks at: one partition key, a range of the ring, or all of it."""

from __future__ import annotations

from collections.abc import Mapping

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request
from anomalyctl.local.cosmos.partition_keys import PartitionKey, from_header

RANGE_ID = "0"
"""The one physical partition's."""

Scope = tuple[str, tuple[str, ...]]


def scope_of(headers: Mapping[str, str], container: Container) -> Scope:
    """An SQL condition and its parameters. Raises 400 and 410 failures."""
    range_id = headers.get("x-ms-documentdb-partitionkeyrangeid", RANGE_ID).split(",")[-1]
    if range_id != RANGE_ID:
        raise CosmosFailure(
            410, "Gone", f"The partition key range {range_id!r} does not exist.", substatus=1002
        )
    conditions, parameters = ["1"], []
    if key := from_header(headers.get("x-ms-documentdb-partitionkey"), container.partition_key_paths):
        conditions.append("pk = ?")
        parameters.append(key.text)
    if low := headers.get("x-ms-start-epk"):
        conditions.append("ring >= ?")
        parameters.append(low)
    if (high := headers.get("x-ms-end-epk")) and high != "FF":
        conditions.append("ring < ?")
        parameters.append(high)
    return " AND ".join(conditions), tuple(parameters)


def required_key(headers: Mapping[str, str], container: Container) -> PartitionKey:
    """The partition key of an item operation. Raises a 400 failure where it is missing."""
    key = from_header(headers.get("x-ms-documentdb-partitionkey"), container.partition_key_paths)
    if key is None:
        raise bad_request("PartitionKey value must be supplied for this operation.")
    return key
