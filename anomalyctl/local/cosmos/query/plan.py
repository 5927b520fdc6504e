"""Query plans: with one physical partition there is nothing for an SDK to merge, and the plan says so."""

from __future__ import annotations

from typing import Any

import orjson

from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import Execution


def query_plan(execution: Execution, supported_features: str) -> dict[str, Any]:
    """The plan for a client with those features; its one range is the whole ring.

    A client that cannot merge groups (azure-cosmos for Python) is refused what an account with many
    partitions would refuse, so that no such query is found out only there. Raises that 400 failure.
    """
    if needs_merging(execution) and "groupby" not in supported_features.lower():
        feature = "GroupBy" if execution.query.group_by else "NonValueAggregate"
        raise bad_request(
            f"Query contains the following features, which the calling client does not support: {feature}"
        )
    return _plan(execution)


def plan_needed(execution: Execution) -> CosmosFailure:
    """The 400 failure that makes an SDK go by the plan; it carries one."""
    plan = orjson.dumps(_plan(execution)).decode()
    message = "The query cannot be served by the gateway alone; it needs a query plan."
    return CosmosFailure(400, "BadRequest", message, substatus=1004, details={"additionalErrorInfo": plan})


def needs_merging(execution: Execution) -> bool:
    """Whether partitions' answers could not just be put together: groups, and aggregates beside one VALUE."""
    select = execution.query.select
    return bool(execution.query.group_by) or (execution.grouped and not isinstance(select.value, nodes.Call))


def _plan(execution: Execution) -> dict[str, Any]:
    info: dict[str, Any] = {
        "distinctType": "None",
        "top": None,
        "offset": None,
        "limit": None,
        "orderBy": [],
        "orderByExpressions": [],
        "groupByExpressions": [],
        "groupByAliases": [],
        "aggregates": [],
        "groupByAliasToAggregateType": {},
        "rewrittenQuery": "",
        "hasSelectValue": execution.query.select.value is not None,
        "dCountInfo": None,
        "hasNonStreamingOrderBy": False,
    }
    ring = {"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}
    return {"partitionedQueryExecutionInfoVersion": 2, "queryInfo": info, "queryRanges": [ring]}
