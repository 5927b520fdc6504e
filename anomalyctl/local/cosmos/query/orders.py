"""Which orders an account could serve: ORDER BY wants an index, and a composite one for several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.paths import split
from anomalyctl.local.cosmos.query.question import Question

Path = tuple[str, ...]


def refuse_unindexed_order(question: Question) -> None:
    """Raise the 400 failure of an account for an ORDER BY that the indexing policy does not allow.

    Without this, a query would work here and fail in Azure.
    """
    query = question.query
    if not query.order_by or not question.over_items:
        return
    if query.group_by:
        raise bad_request("'ORDER BY' is not supported in presence of 'GROUP BY'.")
    paths = [question.pushdown.path(order.expression) for order in query.order_by]
    if None in paths:
        raise bad_request(
            "Unsupported ORDER BY clause. An ORDER BY item could not be mapped to a document path."
        )
    keys = [
        (path, order.descending)
        for path, order in zip(paths, query.order_by, strict=True)
        if path is not None
    ]
    policy = question.container.definition["indexingPolicy"]
    if len(keys) > 1 and not _has_composite(policy, keys):
        raise bad_request(
            "The order by query does not have a corresponding composite index that it can be served from."
        )
    if len(keys) == 1 and not is_indexed(policy, keys[0][0]):
        raise bad_request("The index path corresponding to the specified order-by item is excluded.")


def is_indexed(policy: Mapping[str, Any], path: Path) -> bool:
    """Whether the path has an index: the most precise of the included and excluded paths decides."""
    if path in (("id",), ("_ts",)):
        return True
    included = max((_precision(entry, path) for entry in policy.get("includedPaths") or []), default=-1)
    excluded = max((_precision(entry, path) for entry in policy.get("excludedPaths") or []), default=-1)
    return included > excluded


def _precision(entry: Mapping[str, Any], path: Path) -> int:
    pattern = split(str(entry.get("path", "")))
    if pattern and pattern[-1] == "?":
        return 2 * len(path) + 1 if pattern[:-1] == path else -1
    if pattern and pattern[-1] == "*":
        return 2 * len(pattern) if path[: len(pattern) - 1] == pattern[:-1] else -1
    return -1


def _has_composite(policy: Mapping[str, Any], keys: list[tuple[Path, bool]]) -> bool:
    """One with the same paths in the same order, and the same directions or all of them turned round."""
    turned = [(path, not descending) for path, descending in keys]
    for composite in policy.get("compositeIndexes") or []:
        found = [
            (split(str(entry.get("path", ""))), entry.get("order", "ascending") == "descending")
            for entry in composite
        ]
        if found in (keys, turned):
            return True
    return False
