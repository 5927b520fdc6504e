"""Pages of queries whose results are single items, cut from rows in order: SQLite's, or sorted here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.tokens import Position


@dataclass(frozen=True, slots=True)
class Ranked:
    """One row: its number, its order keys, and its results' JSON on demand (none, where it is no match)."""

    seq: int
    keys: tuple[Any, ...]
    values: Callable[[], list[bytes]]


def cut_page(
    rows: Iterable[Ranked], execution: Execution, position: Position, limit: int
) -> tuple[list[bytes], Position | None]:
    """At most `limit` results and 4 MB of the rows, and where the next page begins (None: nowhere)."""
    end = None if execution.limit is None else execution.offset + execution.limit
    documents: list[bytes] = []
    size, passed, reached = 0, position.passed, position
    if end is not None and passed >= end:
        return documents, None
    for row in rows:
        for value in row.values():
            if len(documents) >= limit or (documents and size + len(value) > MAX_PAGE_BYTES):
                return documents, reached
            passed += 1
            if passed > execution.offset:
                documents.append(value)
                size += len(value)
            if end is not None and passed >= end:
                return documents, None
        reached = Position(passed, row.keys, row.seq)
    return documents, None


def is_behind(keys: tuple[Any, ...], seq: int, position: Position, descending: list[bool]) -> bool:
    """Whether a row comes after the position in an order with those directions, ties by number."""
    if position.seq is None:
        return True
    for key, reached, down in zip(keys, position.keys, descending, strict=True):
        if key != reached:
            return bool(key < reached) if down else bool(key > reached)
    return seq > position.seq
