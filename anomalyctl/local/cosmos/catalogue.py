"""Databases and containers: what exists, as definitions in memory and rows in the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from anomalyctl.local.cosmos import identifiers
from anomalyctl.local.cosmos.failures import bad_request, conflict, not_found
from anomalyctl.local.cosmos.indexing import create_table, drop_table, indexed_paths, reindex
from anomalyctl.local.cosmos.paths import split

_SERVERLESS = "Setting offer throughput or autopilot on container is not supported for serverless accounts."
_DEFAULT_POLICY = {
    "indexingMode": "consistent",
    "automatic": True,
    "includedPaths": [{"path": "/*"}],
    "excludedPaths": [{"path": '/"_etag"/?'}],
}


@dataclass(frozen=True, slots=True)
class Database:
    """A database, known by its id."""

    number: int
    id: str
    etag: str
    ts: int

    def body(self) -> dict[str, Any]:
        """As it is on the wire."""
        rid = identifiers.database_rid(self.number)
        own = {
            "_rid": rid,
            "_self": f"dbs/{rid}/",
            "_etag": self.etag,
            "_colls": "colls/",
            "_users": "users/",
        }
        return {"id": self.id, **own, "_ts": self.ts}


@dataclass(frozen=True, slots=True)
class Container:
    """A container: where its items are kept and how they are read."""

    number: int
    database: Database
    id: str
    etag: str
    ts: int
    definition: Mapping[str, Any]
    columns: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """The indexed paths and the columns that hold their values."""

    @property
    def table(self) -> str:
        """The table of its items."""
        return f"items_{self.number}"

    @property
    def rid(self) -> str:
        """Its resource id."""
        return identifiers.container_rid(self.database.number, self.number)

    @property
    def link(self) -> str:
        """`dbs/…/colls/…` by names."""
        return f"dbs/{self.database.id}/colls/{self.id}"

    @property
    def partition_key_paths(self) -> tuple[tuple[str, ...], ...]:
        """Its partition key, one or several paths."""
        return tuple(split(path) for path in self.definition["partitionKey"]["paths"])

    @property
    def default_ttl(self) -> int | None:
        """Seconds; -1 is on without a default, None is off."""
        return self.definition.get("defaultTtl")

    def body(self) -> dict[str, Any]:
        """As it is on the wire."""
        link = f"dbs/{identifiers.database_rid(self.database.number)}/colls/{self.rid}/"
        own = {"_rid": self.rid, "_ts": self.ts, "_self": link, "_etag": self.etag}
        feeds = {"_docs": "docs/", "_sprocs": "sprocs/", "_triggers": "triggers/", "_udfs": "udfs/"}
        return {"id": self.id, **self.definition, **own, **feeds, "_conflicts": "conflicts/"}


class Catalogue:
    """Everything that exists: changed in the writer's transactions, then adopted."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._databases: dict[str, Database] = {}
        self._containers: dict[tuple[str, str], Container] = {}
        self.adopt(load(connection))

    def adopt(self, found: tuple[list[Database], list[Container]]) -> None:
        """Take what was loaded as what exists."""
        databases, containers = found
        self._databases = {database.id: database for database in databases}
        self._containers = {(container.database.id, container.id): container for container in containers}

    def databases(self) -> list[Database]:
        """All of them, oldest first."""
        return sorted(self._databases.values(), key=lambda database: database.number)

    def containers(self, database: Database | None = None) -> list[Container]:
        """Those of one database, or all, oldest first."""
        found = (one for one in self._containers.values() if database is None or one.database == database)
        return sorted(found, key=lambda container: container.number)

    def database(self, name: str) -> Database:
        """By id or resource id. Raises a 404 failure."""
        for database in self._databases.values():
            if name in (database.id, identifiers.database_rid(database.number)):
                return database
        raise not_found()

    def container(self, database_name: str, name: str) -> Container:
        """By id or resource id. Raises a 404 failure."""
        if found := self._containers.get((database_name, name)):
            return found
        database = self.database(database_name)
        for container in self.containers(database):
            if name in (container.id, container.rid):
                return container
        raise not_found()


def load(connection: sqlite3.Connection) -> tuple[list[Database], list[Container]]:
    """What the file holds."""
    rows = connection.execute("SELECT number, id, etag, ts FROM databases")
    databases = {row[0]: Database(*row) for row in rows}
    rows = connection.execute("SELECT number, database, id, etag, ts, definition, columns FROM containers")
    containers = []
    for number, database, name, etag, ts, definition, columns in rows:
        placed = {tuple(path): column for path, column in orjson.loads(columns)}
        kept = orjson.loads(definition)
        containers.append(Container(number, databases[database], name, etag, ts, kept, placed))
    return list(databases.values()), containers


def create_database(connection: sqlite3.Connection, body: Mapping[str, Any], now: int) -> None:
    """Raises a 400 or 409 failure."""
    name = identifiers.check_id(body.get("id"), "database")
    try:
        values = (name, identifiers.new_etag(), now)
        connection.execute("INSERT INTO databases (id, etag, ts) VALUES (?, ?, ?)", values)
    except sqlite3.IntegrityError:
        raise conflict() from None


def delete_database(connection: sqlite3.Connection, database: Database, containers: list[Container]) -> None:
    """With everything in it."""
    for container in containers:
        delete_container(connection, container)
    connection.execute("DELETE FROM databases WHERE number = ?", (database.number,))


def create_container(
    connection: sqlite3.Connection, database: Database, body: Mapping[str, Any], now: int
) -> None:
    """Raises a 400 or 409 failure."""
    name = identifiers.check_id(body.get("id"), "container")
    definition = _definition(body)
    paths = indexed_paths(definition["indexingPolicy"])
    columns = [(path, f"x{place}") for place, path in enumerate(paths)]
    values = (database.number, name, identifiers.new_etag(), now, _json(definition), _json(columns))
    try:
        statement = (
            "INSERT INTO containers (database, id, etag, ts, definition, columns, lsn) VALUES (?,?,?,?,?,?,0)"
        )
        number = connection.execute(statement, values).lastrowid
    except sqlite3.IntegrityError:
        raise conflict() from None
    create_table(connection, f"items_{number}", [column for _, column in columns])


def replace_container(
    connection: sqlite3.Connection, container: Container, body: Mapping[str, Any], now: int
) -> None:
    """A new definition, with the same id and partition key; indexes are rebuilt. Raises a 400 failure."""
    definition = _definition(body)
    if body.get("id") != container.id or definition["partitionKey"] != container.definition["partitionKey"]:
        raise bad_request("The id and the partition key of a container cannot be changed.")
    paths = indexed_paths(definition["indexingPolicy"])
    columns = reindex(connection, container.table, dict(container.columns), paths)
    connection.execute(
        "UPDATE containers SET etag = ?, ts = ?, definition = ?, columns = ? WHERE number = ?",
        (identifiers.new_etag(), now, _json(definition), _json(list(columns.items())), container.number),
    )


def delete_container(connection: sqlite3.Connection, container: Container) -> None:
    """With its items."""
    drop_table(connection, container.table)
    connection.execute("DELETE FROM containers WHERE number = ?", (container.number,))


def refuse_throughput(headers: Mapping[str, str]) -> None:
    """Raise the 400 failure with which a serverless account answers a throughput."""
    if any(name in headers for name in ("x-ms-offer-throughput", "x-ms-cosmos-offer-autopilot-settings")):
        raise bad_request(_SERVERLESS)


def _definition(body: Mapping[str, Any]) -> dict[str, Any]:
    definition = {key: value for key, value in body.items() if key != "id" and not key.startswith("_")}
    partition_key = definition.get("partitionKey")
    paths = partition_key.get("paths") if isinstance(partition_key, dict) else None
    if (
        not isinstance(paths, list)
        or not paths
        or not all(isinstance(path, str) and split(path) for path in paths)
    ):
        raise bad_request('A container needs a partition key: {"paths": ["/…"], "kind": "Hash"}.')
    ttl = definition.get("defaultTtl")
    if ttl is None:
        definition.pop("defaultTtl", None)
    elif not isinstance(ttl, int) or isinstance(ttl, bool) or (ttl != -1 and not 0 < ttl < 2**31):
        raise bad_request("The value of defaultTtl is -1 or a positive number of seconds.")
    definition["partitionKey"] = {"kind": "Hash", "version": 2, **definition["partitionKey"]}
    policy = definition.get("indexingPolicy")
    definition["indexingPolicy"] = (
        {**_DEFAULT_POLICY, **policy} if isinstance(policy, dict) else _DEFAULT_POLICY
    )
    return definition


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
