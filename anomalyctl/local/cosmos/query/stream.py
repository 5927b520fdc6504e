"""Queries in an order that SQLite has: each page goes on behind the last row of the one before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import orjson

from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.pushdown import Filter
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.tokens import Position

Order = list[tuple[str, bool]]
"""Columns, and whether each descends."""


def stream_order(question: Question, execution: Execution) -> Order | None:
    """The columns that order this query; None where it has to be computed whole."""
    if execution.grouped or question.query.distinct or not question.over_items:
        return None
    columns = [
        (question.pushdown.order_column(key.expression), key.descending) for key in question.query.order_by
    ]
    found = [(column, descending) for column, descending in columns if column is not None]
    return found if len(found) == len(columns) else None


def stream_page(
    connection: sqlite3.Connection,
    question: Question,
    execution: Execution,
    order: Order,
    position: Position,
    limit: int,
) -> tuple[list[bytes], Position | None]:
    """At most `limit` results and 4 MB, and where the next page begins (None: nowhere)."""
    end = None if execution.limit is None else execution.offset + execution.limit
    documents: list[bytes] = []
    size, passed, reached = 0, position.passed, position
    if end is not None and passed >= end:
        return documents, None
    pushed = question.filter
    for seq, *keys, body in _rows(connection, question, pushed, order, position):
        for value in _values(question, execution, pushed, body):
            if len(documents) >= limit or (documents and size + len(value) > MAX_PAGE_BYTES):
                return documents, reached
            passed += 1
            if passed > execution.offset:
                documents.append(value)
                size += len(value)
            if end is not None and passed >= end:
                return documents, None
        reached = Position(passed, tuple(keys), seq)
    return documents, None


def _values(question: Question, execution: Execution, pushed: Filter, body: bytes) -> list[bytes]:
    if question.gives_items and pushed.exact:
        return [body]
    values = execution.project(orjson.loads(body))
    return [body for _ in values] if question.gives_items else [orjson.dumps(value) for value in values]


def _rows(
    connection: sqlite3.Connection, question: Question, pushed: Filter, order: Order, position: Position
) -> Iterator[tuple[Any, ...]]:
    columns = ", ".join(["seq", *(column for column, _ in order), "body"])
    directions = [f"{column} {'DESC' if descending else 'ASC'}" for column, descending in order]
    behind = _behind([*order, ("seq", False)], position)
    narrowed = Filter(f"({pushed.sql}) AND {behind.sql}", pushed.parameters + behind.parameters)
    yield from question.select(connection, columns, narrowed, "ORDER BY " + ", ".join([*directions, "seq"]))


def _behind(order: Order, position: Position) -> Filter:
    """The condition for rows that come after the position in this order."""
    if position.seq is None:
        return Filter("1")
    values = [*position.keys, position.seq]
    alternatives, parameters = [], []
    for place, (column, descending) in enumerate(order):
        same = [f"{earlier} = ?" for earlier, _ in order[:place]]
        alternatives.append("(" + " AND ".join([*same, f"{column} {'<' if descending else '>'} ?"]) + ")")
        parameters += values[: place + 1]
    return Filter("(" + " OR ".join(alternatives) + ")", tuple(parameters))
