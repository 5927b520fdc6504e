"""Answering a query page by page: streamed where SQLite has its order, computed whole where not."""

from __future__ import annotations

import sqlite3

from anomalyctl.local.cosmos.items import Items
from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES, Page
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.stream import stream_order, stream_page
from anomalyctl.local.cosmos.query.tokens import Position, fingerprint, read_token, write_token
from anomalyctl.local.cosmos.query.whole import KeptResults, Result, fetch, whole_results


class QueryService:
    """Pages of queries."""

    def __init__(self) -> None:
        self._kept = KeptResults()

    def page(self, connection: sqlite3.Connection, question: Question, limit: int, token: str | None) -> Page:
        """At most `limit` results and 4 MB. Raises a 400 failure for what is not understood."""
        execution = Execution(question.query, question.parameters)
        lsn = Items(connection, question.container, question.now).lsn()
        name = fingerprint(question.text, question.parameters)
        position = read_token(token, name)
        order = stream_order(question, execution)
        if order is not None:
            documents, following = stream_page(connection, question, execution, order, position, limit)
        else:
            results = self._whole(connection, question, execution, (name, lsn))
            documents, passed = _cut(connection, question, results[position.passed :], limit)
            passed += position.passed
            following = Position(passed) if passed < len(results) else None
        return Page(documents, write_token(name, following) if following else None, lsn)

    def _whole(
        self, connection: sqlite3.Connection, question: Question, execution: Execution, state: tuple[str, int]
    ) -> list[Result]:
        """As long as the container has not changed, every page is cut from the same results."""
        key = (question.container.number, question.container.etag, question.scope, *state)
        results = self._kept.get(key)
        if results is None:
            results = whole_results(connection, question, execution)
            self._kept.put(key, results)
        return results


def _cut(
    connection: sqlite3.Connection, question: Question, results: list[Result], limit: int
) -> tuple[list[bytes], int]:
    """The documents of a page, and how many results they took."""
    documents: list[bytes] = []
    size = 0
    for document in fetch(connection, question, results[:limit]):
        size += len(document)
        if documents and size > MAX_PAGE_BYTES:
            return documents, len(documents)
        documents.append(document)
    return documents, min(limit, len(results))
