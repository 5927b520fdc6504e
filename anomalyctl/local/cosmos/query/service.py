# ruff: noqa: S608 - table and column names are made here, never by a client
"""Answering a query page by page: streamed out of SQLite where its order allows, computed whole where not."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.items import Items
from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES, Page
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.parser import parse_query
from anomalyctl.local.cosmos.query.pushdown import Filter, Pushdown
from anomalyctl.local.cosmos.query.tokens import Position, fingerprint, read_token, write_token
from anomalyctl.local.cosmos.time_to_live import alive

_CACHED_BYTES = 64 * 1_048_576


@dataclass(frozen=True, slots=True)
class Question:
    """A query over a part of a container: the scope is an SQL condition with its parameters."""

    container: Container
    text: str
    scope: tuple[str, tuple[str, ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> nodes.Query:
        """Its tree. Raises a 400 failure."""
        return parse_query(self.text)

    def pushdown(self) -> Pushdown:
        """What SQLite can do of it."""
        sources = self.query.sources
        alias = sources[0].alias if sources else ""
        paths = self.container.partition_key_paths
        return Pushdown(alias, self.container.columns, paths, self.parameters)


class QueryService:
    """Pages of queries. Whole results are kept for their next pages, as long as the container has not changed."""

    def __init__(self) -> None:
        self._whole: OrderedDict[tuple[Any, ...], list[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def page(
        self, connection: sqlite3.Connection, question: Question, limit: int, token: str | None, now: int
    ) -> Page:
        """At most `limit` results and 4 MB. Raises a 400 failure for what is not understood."""
        execution = Execution(question.query, question.parameters)
        lsn = Items(connection, question.container, now).lsn()
        name = fingerprint(question.text, question.parameters)
        position = read_token(token, name)
        stream = _Stream.of(question, execution)
        if stream is not None:
            documents, following = stream.page(connection, position, limit, now)
        else:
            whole = self._results(connection, question, execution, (name, lsn), now)
            documents = _cut(whole[position.passed : position.passed + limit])
            passed = position.passed + len(documents)
            following = Position(passed) if passed < len(whole) else None
        return Page(documents, write_token(name, following) if following else None, lsn)

    def _results(
        self,
        connection: sqlite3.Connection,
        question: Question,
        execution: Execution,
        key: tuple[Any, ...],
        now: int,
    ) -> list[bytes]:
        key = (question.container.number, question.container.etag, question.scope, *key)
        with self._lock:
            if key in self._whole:
                self._whole.move_to_end(key)
                return self._whole[key]
        pushed = question.pushdown().filter(_filterable(question.query))
        if pushed.exact and _counts(question.query):
            results = [b"%d" % _select(connection, question, pushed, "count(*)", now).fetchone()[0]]
        else:
            bodies = _select(connection, question, pushed, "body", now, "ORDER BY seq")
            documents = (orjson.loads(row[0]) for row in bodies) if question.query.sources else iter([None])
            results = [orjson.dumps(value) for value in execution.results(documents)]
        with self._lock:
            self._whole[key] = results
            while (
                sum(sum(map(len, kept)) for kept in self._whole.values()) > _CACHED_BYTES
                or len(self._whole) > 8
            ):
                self._whole.popitem(last=False)
        return results


class _Stream:
    """A query whose order SQLite can give: each page goes on behind the last row of the one before."""

    def __init__(self, question: Question, execution: Execution, order: list[tuple[str, bool]]) -> None:
        self._question = question
        self._execution = execution
        self._order = order
        self._filter = question.pushdown().filter(question.query.where)
        select = question.query.select
        alias = nodes.Alias(question.query.sources[0].alias)
        self._plain = select.star or select.value == alias

    @classmethod
    def of(cls, question: Question, execution: Execution) -> _Stream | None:
        query = question.query
        if execution.grouped or query.distinct or not _over_items(query):
            return None
        pushdown, order = question.pushdown(), []
        for key in query.order_by:
            column = pushdown.order_column(key.expression)
            if column is None:
                return None
            order.append((column, key.descending))
        return cls(question, execution, order)

    def page(
        self, connection: sqlite3.Connection, position: Position, limit: int, now: int
    ) -> tuple[list[bytes], Position | None]:
        first, last = self._execution.offset, self._execution.limit
        end = None if last is None else first + last
        documents: list[bytes] = []
        size, passed, reached = 0, position.passed, position
        if end is not None and passed >= end:
            return documents, None
        for seq, *keys, body in self._rows(connection, position, now):
            for value in self._values(body):
                if len(documents) >= limit or (documents and size + len(value) > MAX_PAGE_BYTES):
                    return documents, reached
                passed += 1
                if passed > first:
                    documents.append(value)
                    size += len(value)
                if end is not None and passed >= end:
                    return documents, None
            reached = Position(passed, tuple(keys), seq)
        return documents, None

    def _values(self, body: bytes) -> list[bytes]:
        if self._plain and self._filter.exact:
            return [body]
        values = self._execution.project(orjson.loads(body))
        return [body for _ in values] if self._plain else [orjson.dumps(value) for value in values]

    def _rows(
        self, connection: sqlite3.Connection, position: Position, now: int
    ) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join(["seq", *(column for column, _ in self._order), "body"])
        directions = [f"{column} {'DESC' if descending else 'ASC'}" for column, descending in self._order]
        after, parameters = _behind([*self._order, ("seq", False)], position)
        narrowed = Filter(f"({self._filter.sql}) AND {after}", self._filter.parameters + parameters)
        order = "ORDER BY " + ", ".join([*directions, "seq"])
        yield from _select(connection, self._question, narrowed, columns, now, order)


def _behind(order: list[tuple[str, bool]], position: Position) -> tuple[str, tuple[Any, ...]]:
    """The condition for rows that come after the position in this order."""
    if position.seq is None:
        return "1", ()
    values = [*position.keys, position.seq]
    alternatives, parameters = [], []
    for place, (column, descending) in enumerate(order):
        same = [f"{earlier} = ?" for earlier, _ in order[:place]]
        alternatives.append(" AND ".join([*same, f"{column} {'<' if descending else '>'} ?"]))
        parameters += [*values[:place], values[place]]
    return "(" + " OR ".join(f"({alternative})" for alternative in alternatives) + ")", tuple(parameters)


def _select(
    connection: sqlite3.Connection,
    question: Question,
    pushed: Filter,
    columns: str,
    now: int,
    order: str = "",
) -> sqlite3.Cursor:
    there, ages = alive(question.container.default_ttl, now)
    scope, keys = question.scope
    statement = f"SELECT {columns} FROM {question.container.table} WHERE {scope} AND {there} AND ({pushed.sql}) {order}"
    return connection.execute(statement, (*keys, *ages, *pushed.parameters))


def _over_items(query: nodes.Query) -> bool:
    """`FROM c` and nothing else."""
    if len(query.sources) != 1:
        return False
    return isinstance(query.sources[0].expression, nodes.Alias) and not query.sources[0].each


def _filterable(query: nodes.Query) -> nodes.Expression | None:
    """WHERE, where its alias stands for the item."""
    first = query.sources[0] if query.sources else None
    named = first is not None and isinstance(first.expression, nodes.Alias) and not first.each
    return query.where if named else nodes.Literal(None)


def _counts(query: nodes.Query) -> bool:
    """`SELECT VALUE COUNT(1) FROM c`, with or without WHERE."""
    value = query.select.value
    counting = (
        isinstance(value, nodes.Call)
        and value.name == "COUNT"
        and isinstance(value.arguments[0], nodes.Literal)
    )
    cuts = query.group_by or query.distinct or query.offset or query.top or query.limit
    return counting and value.arguments[0].value is not None and not cuts and _over_items(query)  # type: ignore[union-attr]


def _cut(results: list[bytes]) -> list[bytes]:
    """As many as go into a page, at least one."""
    size = 0
    for place, result in enumerate(results):
        size += len(result)
        if place and size > MAX_PAGE_BYTES:
            return results[:place]
    return results
