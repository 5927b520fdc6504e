"""Queries whose results are computed before the first page: groups, aggregates, DISTINCT, JOIN."""

from __future__ import annotations

import sqlite3

import orjson

from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.tokens import Position


def whole_results(connection: sqlite3.Connection, question: Question, execution: Execution) -> list[bytes]:
    """The JSON of everything that the query gives, in order."""
    pushed = question.filter
    if pushed.exact and _only_counts(question):
        return [b"%d" % question.select(connection, "count(*)", pushed).fetchone()[0]]
    if not question.query.sources:
        return [orjson.dumps(value) for value in execution.results([None])]
    bodies = question.select(connection, "body", pushed, "ORDER BY seq")
    return [orjson.dumps(value) for value in execution.results(orjson.loads(row[0]) for row in bodies)]


def cut_results(results: list[bytes], position: Position, limit: int) -> tuple[list[bytes], Position | None]:
    """At most `limit` results and 4 MB behind the position; where the next page begins (None: nowhere)."""
    documents: list[bytes] = []
    size = 0
    for result in results[position.passed : position.passed + limit]:
        size += len(result)
        if documents and size > MAX_PAGE_BYTES:
            break
        documents.append(result)
    passed = position.passed + len(documents)
    return documents, Position(passed) if passed < len(results) else None


def _only_counts(question: Question) -> bool:
    """`SELECT VALUE COUNT(1) FROM c`, with or without WHERE."""
    query, value = question.query, question.query.select.value
    if not isinstance(value, nodes.Call) or value.name != "COUNT" or not question.over_items:
        return False
    constant = isinstance(value.arguments[0], nodes.Literal) and value.arguments[0].value in (1, True, None)
    return constant and not (query.group_by or query.distinct or query.offset or query.top or query.limit)
