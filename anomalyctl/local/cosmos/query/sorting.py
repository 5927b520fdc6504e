"""Rows in an order that SQLite does not have, sorted here: keys and results, never all documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import orjson

from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.filters import Filter
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.ranked import Ranked, is_behind
from anomalyctl.local.cosmos.query.tokens import Position

Sorted = list[tuple[tuple[bytes, ...], int, bytes]]
"""Order keys, row number, and the result's JSON (empty: the item itself)."""


def sort_rows(connection: sqlite3.Connection, question: Question, execution: Execution) -> Sorted:
    """All rows of the query in its order."""
    found: Sorted = []
    for seq, body in question.select(connection, "seq, body", question.filter, "ORDER BY seq"):
        for keys, value in execution.keyed(orjson.loads(body)):
            found.append((tuple(keys), seq, b"" if question.gives_items else orjson.dumps(value)))
    for place, descending in reversed(list(enumerate(_directions(execution)))):
        found.sort(key=lambda row, place=place: row[0][place], reverse=descending)  # type: ignore[misc]
    return found


def sorted_rows(
    connection: sqlite3.Connection, question: Question, execution: Execution, rows: Sorted, position: Position
) -> Iterator[Ranked]:
    """The rows behind the position."""

    def values(seq: int, result: bytes) -> list[bytes]:
        if result:
            return [result]
        return [row[0] for row in question.select(connection, "body", Filter("seq = ?", (seq,)))]

    directions = _directions(execution)
    for keys, seq, result in rows:
        if is_behind(keys, seq, position, directions):
            yield Ranked(seq, keys, lambda seq=seq, result=result: values(seq, result))  # type: ignore[misc]


def _directions(execution: Execution) -> list[bool]:
    return [descending for _, descending in execution.order_by]
