# ruff: noqa: S608 - table and column names are made here, never by a client
"""A query over a part of a container, and the rows that SQLite gives for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.filters import UNKNOWN, Filter
from anomalyctl.local.cosmos.query.parser import parse_query
from anomalyctl.local.cosmos.query.pushdown import Pushdown
from anomalyctl.local.cosmos.time_to_live import alive


@dataclass(frozen=True, slots=True)
class Question:
    """The scope is an SQL condition with its parameters; `now` is epoch seconds. Raises 400 failures."""

    container: Container
    text: str
    scope: tuple[str, tuple[str, ...]]
    now: int
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> nodes.Query:
        """Its tree."""
        return parse_query(self.text)

    @property
    def over_items(self) -> bool:
        """`FROM c` and nothing else: one row is one item."""
        sources = self.query.sources
        return len(sources) == 1 and isinstance(sources[0].expression, nodes.Alias) and not sources[0].each

    @property
    def gives_items(self) -> bool:
        """`SELECT *`, or VALUE of the alias: a result is the item as it is."""
        select = self.query.select
        return self.over_items and (select.star or select.value == nodes.Alias(self.query.sources[0].alias))

    @property
    def pushdown(self) -> Pushdown:
        """What SQLite can do of it."""
        sources = self.query.sources
        alias = sources[0].alias if sources else ""
        paths = self.container.partition_key_paths
        return Pushdown(alias, self.container.columns, paths, self.parameters)

    @property
    def filter(self) -> Filter:
        """WHERE as SQL, where its alias stands for the item."""
        first = self.query.sources[0] if self.query.sources else None
        named = first is not None and isinstance(first.expression, nodes.Alias) and not first.each
        return self.pushdown.filter(self.query.where) if named else UNKNOWN

    def select(
        self, connection: sqlite3.Connection, columns: str, narrowed: Filter, order: str = ""
    ) -> sqlite3.Cursor:
        """Rows of living items in the scope that pass the filter."""
        there, ages = alive(self.container.default_ttl, self.now)
        scope, keys = self.scope
        where = f"{scope} AND {there} AND ({narrowed.sql})"
        statement = f"SELECT {columns} FROM {self.container.table} WHERE {where} {order}"
        return connection.execute(statement, (*keys, *ages, *narrowed.parameters))
