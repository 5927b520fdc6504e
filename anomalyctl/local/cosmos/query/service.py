"""Answering a query page by page: streamed where SQLite has its order, sorted or computed whole where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable

from anomalyctl.local.cosmos.items import Items
from anomalyctl.local.cosmos.page import Page
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.kept import KeptResults
from anomalyctl.local.cosmos.query.orders import refuse_unindexed_order
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.ranked import cut_page
from anomalyctl.local.cosmos.query.sorting import sort_rows, sorted_rows
from anomalyctl.local.cosmos.query.stream import stream_order, streamed_rows
from anomalyctl.local.cosmos.query.tokens import Position, fingerprint, read_token, write_token
from anomalyctl.local.cosmos.query.whole import cut_results, whole_results


class QueryService:
    """Pages of queries."""

    def __init__(self) -> None:
        self._kept = KeptResults()

    def page(self, connection: sqlite3.Connection, question: Question, limit: int, token: str | None) -> Page:
        """At most `limit` results and 4 MB. Raises a 400 failure for what is not understood."""
        execution = Execution(question.query, question.parameters)
        refuse_unindexed_order(question)
        lsn = Items(connection, question.container, question.now).lsn()
        name = fingerprint(question.text, question.parameters)
        state = (question.container.number, question.container.etag, question.scope, name, lsn)
        documents, following = self._cut(
            connection, question, execution, read_token(token, name), limit, state
        )
        return Page(documents, write_token(name, following) if following else None, lsn)

    def _cut(
        self,
        connection: sqlite3.Connection,
        question: Question,
        execution: Execution,
        position: Position,
        limit: int,
        state: Hashable,
    ) -> tuple[list[bytes], Position | None]:
        first = position == Position()
        if execution.grouped or question.query.distinct or not question.over_items:
            results = self._kept.get_or_compute(
                state, lambda: whole_results(connection, question, execution), first_page=first
            )
            return cut_results(results, position, limit)
        order = stream_order(question)
        if order is not None:
            rows = streamed_rows(connection, question, execution, order, position)
        else:
            ordered = self._kept.get_or_compute(
                state, lambda: sort_rows(connection, question, execution), first_page=first
            )
            rows = sorted_rows(connection, question, execution, ordered, position)
        return cut_page(rows, execution, position, limit)
