# ruff: noqa: S608 - table and column names are made here, never by a client
"""Items: what each write and read does inside a transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson

from anomalyctl.local.cosmos import identifiers
from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.charges import read_charge, write_charge
from anomalyctl.local.cosmos.failures import bad_request, conflict, not_found, precondition_failed, too_large
from anomalyctl.local.cosmos.indexing import values_at
from anomalyctl.local.cosmos.partition_keys import PartitionKey, from_document, ring_position
from anomalyctl.local.cosmos.patch import apply_patch
from anomalyctl.local.cosmos.query.expressions import Compiler
from anomalyctl.local.cosmos.query.parser import parse_condition
from anomalyctl.local.cosmos.time_to_live import alive, check_ttl

MAX_ITEM_BYTES = 2 * 1_048_576
_SYSTEM = ("_rid", "_self", "_etag", "_ts", "_attachments", "_lsn")


@dataclass(frozen=True, slots=True)
class Conditions:
    """If-Match and If-None-Match of one operation."""

    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation answers: a status, the document's bytes (none after a delete) and its etag."""

    status: int
    charge: float
    body: bytes | None = None
    etag: str | None = None
    lsn: int = 0


@dataclass(frozen=True, slots=True)
class _Stored:
    seq: int
    etag: str
    body: bytes


class Items:
    """The operations on one container's items, within the caller's transaction. `now` is epoch seconds."""

    def __init__(self, connection: sqlite3.Connection, container: Container, now: int) -> None:
        self._connection = connection
        self._container = container
        self._now = now
        self._paths = list(container.columns)
        self._columns = ["pk", "id", "ring", "lsn", "ts", "ttl", "etag", *container.columns.values(), "body"]

    def create(self, key: PartitionKey | None, document: Any) -> Outcome:
        """201. Raises 400, 409 or 413 failures."""
        document, key = self._accept(key, document)
        if self._find(key, document["id"]):
            raise conflict()
        return self._insert(key, document)

    def upsert(self, key: PartitionKey | None, document: Any, conditions: Conditions) -> Outcome:
        """201 for a new item, 200 for one that was replaced. Raises 400, 412 or 413 failures."""
        document, key = self._accept(key, document)
        if stored := self._find(key, document["id"]):
            _check(conditions, stored.etag)
            return self._update(stored, key, document)
        return self._insert(key, document)

    def replace(
        self, key: PartitionKey | None, item_id: str, document: Any, conditions: Conditions
    ) -> Outcome:
        """200. Raises 400, 404, 412 or 413 failures."""
        document, key = self._accept(key, document)
        if document["id"] != item_id:
            raise bad_request(
                "The id of the document is not the id of the item that is replaced; ids do not change."
            )
        stored = self._get(key, item_id)
        _check(conditions, stored.etag)
        return self._update(stored, key, document)

    def patch(self, key: PartitionKey, item_id: str, request: Any, conditions: Conditions) -> Outcome:
        """200; `request` has `operations` and `condition`, or is the bare list. Raises 400, 404, 412, 413."""
        if isinstance(request, dict):
            operations, condition = request.get("operations"), request.get("condition")
        else:
            operations, condition = request, None
        stored = self._get(key, item_id)
        _check(conditions, stored.etag)
        document = orjson.loads(stored.body)
        if condition is not None and not _holds(condition, document):
            raise precondition_failed("The condition of the patch is not met.")
        changed = apply_patch(document, operations, self._container.partition_key_paths)
        return self._update(stored, key, _clean(changed))

    def delete(self, key: PartitionKey, item_id: str, conditions: Conditions) -> Outcome:
        """204. Raises 404 or 412 failures."""
        stored = self._get(key, item_id)
        _check(conditions, stored.etag)
        self._connection.execute(f"DELETE FROM {self._container.table} WHERE seq = ?", (stored.seq,))
        return Outcome(204, write_charge(len(stored.body)), lsn=self._next_lsn())

    def delete_partition(self, key: PartitionKey) -> Outcome:
        """200: everything in one logical partition."""
        self._connection.execute(f"DELETE FROM {self._container.table} WHERE pk = ?", (key.text,))
        return Outcome(200, write_charge(0), lsn=self._next_lsn())

    def read(self, key: PartitionKey, item_id: str, if_none_match: str | None = None) -> Outcome:
        """200, or 304 where the etag is the one that the client has. Raises a 404 failure."""
        stored = self._get(key, item_id)
        if if_none_match == stored.etag:
            return Outcome(304, read_charge(0), etag=stored.etag, lsn=self.lsn())
        return Outcome(200, read_charge(len(stored.body)), stored.body, stored.etag, self.lsn())

    def lsn(self) -> int:
        """The container's log sequence number: of its latest write."""
        statement = "SELECT lsn FROM containers WHERE number = ?"
        row = self._connection.execute(statement, (self._container.number,)).fetchone()
        return int(row[0]) if row else 0

    def _accept(self, key: PartitionKey | None, document: Any) -> tuple[dict[str, Any], PartitionKey]:
        if not isinstance(document, dict):
            raise bad_request("The input content is invalid: an item is a JSON object.")
        identifiers.check_id(document.get("id"))
        own = from_document(document, self._container.partition_key_paths)
        if key is None:
            raise bad_request("PartitionKey value must be supplied for this operation.", substatus=1001)
        if key.text != own.text:
            raise bad_request(
                f"PartitionKey extracted from document {own.text} doesn't match the header's {key.text}.",
                substatus=1001,
            )
        check_ttl(document.get("ttl"))
        return _clean(document), key

    def _get(self, key: PartitionKey, item_id: str) -> _Stored:
        if stored := self._find(key, item_id):
            return stored
        raise not_found()

    def _find(self, key: PartitionKey, item_id: str) -> _Stored | None:
        condition, parameters = alive(self._container.default_ttl, self._now)
        row = self._connection.execute(
            f"SELECT seq, etag, body FROM {self._container.table} WHERE pk = ? AND id = ? AND {condition}",
            (key.text, item_id, *parameters),
        ).fetchone()
        return _Stored(*row) if row else None

    def _insert(self, key: PartitionKey, document: dict[str, Any]) -> Outcome:
        table, lsn = self._container.table, self._next_lsn()
        etag = identifiers.item_etag(self._container.number, lsn)
        # An expired item that nobody has purged yet is in the way of a new one with its id.
        self._connection.execute(f"DELETE FROM {table} WHERE pk = ? AND id = ?", (key.text, document["id"]))
        (highest,) = self._connection.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", (table,)
        ).fetchone()
        seq = highest + 1
        body = self._render(document, seq, etag)
        names, marks = ", ".join(self._columns), ", ".join("?" * len(self._columns))
        values = self._values(key, document, lsn, etag, body)
        self._connection.execute(f"INSERT INTO {table} (seq, {names}) VALUES (?, {marks})", (seq, *values))
        return Outcome(201, write_charge(len(body)), body, etag, lsn)

    def _update(self, stored: _Stored, key: PartitionKey, document: dict[str, Any]) -> Outcome:
        lsn = self._next_lsn()
        etag = identifiers.item_etag(self._container.number, lsn)
        body = self._render(document, stored.seq, etag)
        assignments = ", ".join(f"{column} = ?" for column in self._columns)
        self._connection.execute(
            f"UPDATE {self._container.table} SET {assignments} WHERE seq = ?",
            (*self._values(key, document, lsn, etag, body), stored.seq),
        )
        return Outcome(200, write_charge(len(body)), body, etag, lsn)

    def _values(
        self, key: PartitionKey, document: dict[str, Any], lsn: int, etag: str, body: bytes
    ) -> list[Any]:
        indexed = values_at(document, self._paths)
        place = ring_position(key.text)
        return [key.text, document["id"], place, lsn, self._now, document.get("ttl"), etag, *indexed, body]

    def _render(self, document: dict[str, Any], seq: int, etag: str) -> bytes:
        container = self._container
        rid = identifiers.item_rid(container.database.number, container.number, seq)
        database_rid = identifiers.database_rid(container.database.number)
        document["_rid"] = rid
        document["_self"] = f"dbs/{database_rid}/colls/{container.rid}/docs/{rid}/"
        document["_etag"] = etag
        document["_attachments"] = "attachments/"
        document["_ts"] = self._now
        body = orjson.dumps(document)
        if len(body) > MAX_ITEM_BYTES:
            raise too_large()
        return body

    def _next_lsn(self) -> int:
        statement = "UPDATE containers SET lsn = lsn + 1 WHERE number = ? RETURNING lsn"
        row = self._connection.execute(statement, (self._container.number,)).fetchone()
        if row is None:
            raise not_found()
        return int(row[0])


def _clean(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in _SYSTEM}


def _check(conditions: Conditions, etag: str) -> None:
    if conditions.if_match not in (None, "*", etag) or conditions.if_none_match in ("*", etag):
        raise precondition_failed()


def _holds(condition: Any, document: dict[str, Any]) -> bool:
    if not isinstance(condition, str):
        raise bad_request("The condition of a patch is a text like: FROM c WHERE c.status = 'open'.")
    parsed = parse_condition(condition)
    compiler = Compiler({}, frozenset({parsed.alias}), _no_subquery)
    return compiler.compile(parsed.where)({parsed.alias: document}) is True


def _no_subquery(*_: Any) -> Any:
    raise bad_request("The condition of a patch has no subqueries.")
