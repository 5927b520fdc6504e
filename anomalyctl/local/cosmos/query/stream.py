"""Rows in an order that SQLite has; only as many as a page needs are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import orjson

from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.filters import Filter
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.ranked import Ranked
from anomalyctl.local.cosmos.query.tokens import Position

Order = list[tuple[str, bool]]
"""Columns, and whether each descends."""


def stream_order(question: Question) -> Order | None:
    """The columns that order this query; None where SQLite has none for it."""
    pushdown, order = question.pushdown, question.query.order_by
    columns = [(pushdown.order_column(key.expression), key.descending) for key in order]
    found = [(column, descending) for column, descending in columns if column is not None]
    return found if len(found) == len(columns) else None


def streamed_rows(
    connection: sqlite3.Connection, question: Question, execution: Execution, order: Order, position: Position
) -> Iterator[Ranked]:
    """The rows behind the position."""
    pushed = question.filter
    columns = ", ".join(["seq", *(column for column, _ in order), "body"])
    directions = [f"{column} {'DESC' if descending else 'ASC'}" for column, descending in order]
    behind = _behind([*order, ("seq", False)], position)
    narrowed = Filter(f"({pushed.sql}) AND {behind.sql}", pushed.parameters + behind.parameters)
    plain = question.gives_items

    def values(body: bytes) -> list[bytes]:
        if plain and pushed.exact:
            return [body]
        found = execution.project(orjson.loads(body))
        return [body for _ in found] if plain else [orjson.dumps(value) for value in found]

    rows = question.select(connection, columns, narrowed, "ORDER BY " + ", ".join([*directions, "seq"]))
    for seq, *keys, body in rows:
        yield Ranked(seq, tuple(keys), lambda body=body: values(body))  # type: ignore[misc]


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
