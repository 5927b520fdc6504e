# ruff: noqa: S608 - table names are made here, never by a client
"""Time to live: which items are still there, and how the others leave."""

from __future__ import annotations

import sqlite3
from typing import Any

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.failures import bad_request

PURGE_EACH_S = 5.0
_PURGED_AT_ONCE = 500


def check_ttl(value: Any) -> None:
    """Raise a 400 failure unless it is -1 or a positive number of seconds (or absent)."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value is not None and not (whole and (value == -1 or 0 < value < 2**31)):
        raise bad_request("The input ttl is invalid: ttl is -1 or a positive number of seconds.")


def alive(default_ttl: int | None, now: int) -> tuple[str, tuple[int, ...]]:
    """The SQL condition for items that have not expired, and its parameters.

    Expiry is `_ts` plus the item's `ttl`, or the container's default; a container without a default (None)
    switches both off, -1 leaves only the items' own.
    """
    if default_ttl is None:
        return "1", ()
    if default_ttl == -1:
        return "(ttl IS NULL OR ttl = -1 OR ts + ttl > ?)", (now,)
    return "(ttl = -1 OR ts + coalesce(ttl, ?) > ?)", (default_ttl, now)


def purge(connection: sqlite3.Connection, container: Container, now: int) -> int:
    """Delete some of the expired items; returns how many."""
    if container.default_ttl is None:
        return 0
    table = container.table
    gone = connection.execute(
        f"DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE ttl > 0 AND ts + ttl <= ? LIMIT ?)",
        (now, _PURGED_AT_ONCE),
    ).rowcount
    if container.default_ttl > 0:
        gone += connection.execute(
            f"DELETE FROM {table} WHERE seq IN "
            f"(SELECT seq FROM {table} WHERE ttl IS NULL AND ts <= ? LIMIT ?)",
            (now - container.default_ttl, _PURGED_AT_ONCE),
        ).rowcount
    return gone
