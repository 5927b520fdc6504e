# ruff: noqa: S608 - table names are made here, never by a client
"""The change feed, latest version: each item once, at its last write, in the order of the writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.items import Items
from anomalyctl.local.cosmos.page import MAX_PAGE_BYTES, Page
from anomalyctl.local.cosmos.time_to_live import alive


@dataclass(frozen=True, slots=True)
class Start:
    """Where a reader is: after a write (None: at the end, "from now"), not before a time (epoch seconds)."""

    after: int | None
    since: int


def start_from(headers: Mapping[str, str]) -> Start:
    """Read If-None-Match (continuation, or `*` for now) and If-Modified-Since. Raises a 400 failure."""
    if headers.get("a-im", "").lower() != "incremental feed":
        raise bad_request("The local endpoint has the change feed in its latest-version mode only.")
    token, since = headers.get("if-none-match"), headers.get("if-modified-since")
    try:
        moment = int(parsedate_to_datetime(since).timestamp()) if since else 0
        return Start(_after(token), moment)
    except ValueError:
        raise bad_request(f"The continuation {token!r} of the change feed is not one of ours.") from None


def read_changes(
    connection: sqlite3.Connection,
    container: Container,
    start: Start,
    scope: tuple[str, tuple[str, ...]],
    limit: int,
    now: int,
) -> Page:
    """At most `limit` changes within the scope; the continuation always stands."""
    latest = Items(connection, container, now).lsn()
    if start.after is None:
        return Page([], f'"{latest}"', latest)
    condition, parameters = alive(container.default_ttl, now)
    rows = connection.execute(
        f"SELECT lsn, body FROM {container.table} WHERE lsn > ? AND ts >= ? AND {condition} AND {scope[0]} "
        "ORDER BY lsn LIMIT ?",
        (start.after, start.since, *parameters, *scope[1], limit + 1),
    )
    documents: list[bytes] = []
    size, last = 0, start.after
    for lsn, body in rows:
        if documents and (len(documents) == limit or size + len(body) > MAX_PAGE_BYTES):
            return Page(documents, f'"{last}"', latest)
        documents.append(body[:-1] + b',"_lsn":%d}' % lsn)
        size, last = size + len(body), lsn
    return Page(documents, f'"{max(latest, last)}"', latest)


def _after(continuation: str | None) -> int | None:
    if continuation == "*":
        return None
    return int(continuation.strip('"')) if continuation else 0
