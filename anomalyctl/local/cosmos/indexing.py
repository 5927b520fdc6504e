# ruff: noqa: S608 - table and column names are made here, never by a client
"""The tables of items: one per container, with a column for each path that its indexing policy names.

A column holds the value's `sort_key`, so SQLite compares and orders it as Cosmos does. The wildcard `/*`
indexes everything in Cosmos; here it has no columns and such queries look at the documents themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from anomalyctl.local.cosmos.paths import split
from anomalyctl.local.cosmos.query.values import UNDEFINED, sort_key

Path = tuple[str, ...]


def indexed_paths(policy: Mapping[str, Any]) -> list[Path]:
    """The scalar paths (`/a/b/?`) of the policy, its composite indexes included."""
    included = [entry.get("path", "") for entry in policy.get("includedPaths") or []]
    scalar = [path[:-2] for path in included if path.endswith("/?") and "[]" not in path and "*" not in path]
    composite = [entry.get("path", "") for keys in policy.get("compositeIndexes") or [] for entry in keys]
    return list(dict.fromkeys(split(path) for path in scalar + composite if path))


def values_at(document: Mapping[str, Any], paths: Sequence[Path]) -> list[bytes]:
    """The sort keys of the document's values at those paths."""
    found = []
    for path in paths:
        value: Any = document
        for step in path:
            value = value.get(step, UNDEFINED) if isinstance(value, dict) else UNDEFINED
        found.append(sort_key(value))
    return found


def create_table(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """An empty table. `seq` never comes again; `ttl` is the item's own; `body` is the whole document."""
    extra = "".join(f"{column} BLOB NOT NULL, " for column in columns)
    connection.execute(
        f"CREATE TABLE {table} (seq INTEGER PRIMARY KEY AUTOINCREMENT, pk TEXT NOT NULL, id TEXT NOT NULL, "
        f"ring TEXT NOT NULL, lsn INTEGER NOT NULL, ts INTEGER NOT NULL, ttl INTEGER, etag TEXT NOT NULL, "
        f"{extra}body BLOB NOT NULL, UNIQUE (pk, id))"
    )
    connection.execute(f"CREATE INDEX {table}_lsn ON {table} (lsn)")
    connection.execute(f"CREATE INDEX {table}_id ON {table} (id)")
    connection.execute(f"CREATE INDEX {table}_ts ON {table} (ts)")
    connection.execute(f"CREATE INDEX {table}_ttl ON {table} (ts + ttl) WHERE ttl > 0")
    for column in columns:
        _index(connection, table, column)


def drop_table(connection: sqlite3.Connection, table: str) -> None:
    """With its indexes."""
    connection.execute(f"DROP TABLE {table}")


def reindex(
    connection: sqlite3.Connection, table: str, columns: Mapping[Path, str], paths: Sequence[Path]
) -> dict[Path, str]:
    """Add columns for the paths that have none, filled from the documents; the columns that were stay."""
    added: dict[Path, str] = {}
    for path in paths:
        if path not in columns:
            added[path] = f"x{len(columns) + len(added)}"
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {added[path]} BLOB NOT NULL DEFAULT x''")
    if added:
        assignments = ", ".join(f"{column} = ?" for column in added.values())
        (last,) = connection.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()
        seq = 0
        while row := connection.execute(
            f"SELECT seq, body FROM {table} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1", (seq, last)
        ).fetchone():
            seq = row[0]
            values = values_at(orjson.loads(row[1]), list(added))
            connection.execute(f"UPDATE {table} SET {assignments} WHERE seq = ?", (*values, seq))
        for column in added.values():
            _index(connection, table, column)
    return {**columns, **added}


def _index(connection: sqlite3.Connection, table: str, column: str) -> None:
    connection.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")
    connection.execute(f"CREATE INDEX {table}_pk_{column} ON {table} (pk, {column})")
