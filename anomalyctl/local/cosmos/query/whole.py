"""Queries that are computed whole before the first page: groups, DISTINCT, JOIN, orders without an index."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import orjson

from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.pushdown import Filter
from anomalyctl.local.cosmos.query.question import Question

Result = bytes | int
"""A result's JSON, or the number of the row that is the result."""

_MOST_KEPT = 8
_MOST_BYTES = 64 * 1_048_576


def whole_results(connection: sqlite3.Connection, question: Question, execution: Execution) -> list[Result]:
    """Everything that the query gives, in order."""
    pushed = question.filter
    if pushed.exact and _only_counts(question):
        return [b"%d" % question.select(connection, "count(*)", pushed).fetchone()[0]]
    if not question.query.sources:
        return [orjson.dumps(value) for value in execution.results([None])]
    if question.over_items and not execution.grouped and not question.query.distinct:
        return _sorted(connection, question, execution, pushed)
    bodies = question.select(connection, "body", pushed, "ORDER BY seq")
    return [orjson.dumps(value) for value in execution.results(orjson.loads(row[0]) for row in bodies)]


def fetch(connection: sqlite3.Connection, question: Question, results: list[Result]) -> Iterator[bytes]:
    """The JSON of results; a row that has gone since is left out."""
    for result in results:
        if isinstance(result, bytes):
            yield result
        elif row := question.select(connection, "body", Filter("seq = ?", (result,))).fetchone():
            yield row[0]


class KeptResults:
    """Whole results for their next pages. The key says all that they depend on."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], list[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Any, ...]) -> list[Result] | None:
        """What was kept under this key."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[Any, ...], results: list[Result]) -> None:
        """Keep; the longest unused go, beyond eight or 64 MB."""
        with self._lock:
            self._kept[key] = results
            while len(self._kept) > _MOST_KEPT or sum(map(_size, self._kept.values())) > _MOST_BYTES:
                self._kept.popitem(last=False)


def _sorted(
    connection: sqlite3.Connection, question: Question, execution: Execution, pushed: Filter
) -> list[Result]:
    """An order without an index: only the keys and the results are held, never all documents at once."""
    found: list[tuple[list[bytes], Result]] = []
    for seq, body in question.select(connection, "seq, body", pushed, "ORDER BY seq"):
        for keys, value in execution.keyed(orjson.loads(body)):
            found.append((keys, seq if question.gives_items else orjson.dumps(value)))
    for place, (_, descending) in reversed(list(enumerate(execution.order_by))):
        found.sort(key=lambda entry, place=place: entry[0][place], reverse=descending)  # type: ignore[misc]
    end = None if execution.limit is None else execution.offset + execution.limit
    return [result for _, result in found[execution.offset : end]]


def _only_counts(question: Question) -> bool:
    """`SELECT VALUE COUNT(1) FROM c`, with or without WHERE."""
    query, value = question.query, question.query.select.value
    if not isinstance(value, nodes.Call) or value.name != "COUNT" or not question.over_items:
        return False
    constant = isinstance(value.arguments[0], nodes.Literal) and value.arguments[0].value in (1, True, None)
    return constant and not (query.group_by or query.distinct or query.offset or query.top or query.limit)


def _size(results: list[Result]) -> int:
    return sum(len(result) if isinstance(result, bytes) else 32 for result in results)
