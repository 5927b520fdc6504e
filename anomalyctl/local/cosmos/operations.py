"""Databases, containers and what surrounds them: each function answers one kind of request."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from anomalyctl.local.cosmos import catalogue
from anomalyctl.local.cosmos.account import account
from anomalyctl.local.cosmos.catalogue import Container, Database, load
from anomalyctl.local.cosmos.context import Context
from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.parser import parse_query
from anomalyctl.local.cosmos.scope import RANGE_ID
from anomalyctl.local.cosmos.wire import Answer, Call, answer_json

_RANGES_ETAG = '"1"'
_NO_OFFERS = "Reading or replacing offers is not supported for serverless accounts."


async def read_account(context: Context, call: Call) -> Answer:
    """GET /"""
    return answer_json(account(call.base_url))


async def databases(context: Context, call: Call) -> Answer:
    """GET, POST /dbs: list, query, create."""
    if call.method == "GET" or _is_query(call):
        return _feed(call, "", "Databases", [database.body() for database in context.catalogue.databases()])
    catalogue.refuse_throughput(call.headers)
    body = call.json_object()
    await _change(context, lambda connection: catalogue.create_database(connection, body, int(context.now())))
    made = context.catalogue.database(body["id"])
    return answer_json(made.body(), 201, etag=made.etag, charge=4.95)


async def database(context: Context, call: Call) -> Answer:
    """GET, DELETE /dbs/{db}"""
    found = context.catalogue.database(call.segments[1])
    if call.method == "DELETE":
        inside = context.catalogue.containers(found)
        await _change(context, lambda connection: catalogue.delete_database(connection, found, inside))
        return Answer(204, charge=4.95)
    return answer_json(found.body(), etag=found.etag)


async def containers(context: Context, call: Call) -> Answer:
    """GET, POST /dbs/{db}/colls: list, query, create."""
    owner = context.catalogue.database(call.segments[1])
    if call.method == "GET" or _is_query(call):
        found = [container.body() for container in context.catalogue.containers(owner)]
        return _feed(call, str(owner.body()["_rid"]), "DocumentCollections", found)
    catalogue.refuse_throughput(call.headers)
    body = call.json_object()
    await _change(
        context, lambda connection: catalogue.create_container(connection, owner, body, int(context.now()))
    )
    return _container_answer(context.catalogue.container(owner.id, body["id"]), 201)


async def container(context: Context, call: Call) -> Answer:
    """GET, PUT, DELETE /dbs/{db}/colls/{coll}"""
    found = context.catalogue.container(call.segments[1], call.segments[3])
    if call.method == "DELETE":
        await _change(context, lambda connection: catalogue.delete_container(connection, found))
        return Answer(204, charge=4.95)
    if call.method == "PUT":
        body = call.json_object()
        now = int(context.now())
        await _change(context, lambda connection: catalogue.replace_container(connection, found, body, now))
        found = context.catalogue.container(found.database.id, found.id)
    return _container_answer(found, 200)


async def partition_key_ranges(context: Context, call: Call) -> Answer:
    """GET /dbs/{db}/colls/{coll}/pkranges: one range; 304 to whoever has it already."""
    found = context.catalogue.container(call.segments[1], call.segments[3])
    if call.headers.get("if-none-match") == _RANGES_ETAG:
        return Answer(304, headers={"etag": _RANGES_ETAG})
    own = {"_rid": found.rid, "id": RANGE_ID, "_etag": _RANGES_ETAG, "minInclusive": "", "maxExclusive": "FF"}
    range_body = {
        **own,
        "status": "online",
        "parents": [],
        "throughputFraction": 1,
        "ridPrefix": 0,
        "_ts": found.ts,
    }
    body = {"_rid": found.rid, "PartitionKeyRanges": [range_body], "_count": 1}
    return answer_json(body, etag=_RANGES_ETAG)


async def offers(context: Context, call: Call) -> Answer:
    """/offers, as a serverless account answers."""
    raise bad_request(_NO_OFFERS)


def _is_query(call: Call) -> bool:
    return call.is_set("x-ms-documentdb-isquery") or "query+json" in call.headers.get("content-type", "")


def _feed(call: Call, rid: str, name: str, bodies: list[dict[str, Any]]) -> Answer:
    found: list[Any] = bodies
    if _is_query(call):
        asked = call.json_object()
        parameters = {one["name"]: one.get("value") for one in asked.get("parameters") or []}
        found = list(Execution(parse_query(asked.get("query", "")), parameters).results(bodies))
    return answer_json({"_rid": rid, name: found, "_count": len(found)})


def _container_answer(found: Container, status: int) -> Answer:
    answer = answer_json(found.body(), status, etag=found.etag, charge=4.95 if status == 201 else 1.0)
    answer.headers["x-ms-alt-content-path"] = f"dbs/{found.database.id}"
    return answer


async def _change(context: Context, change: Callable[[sqlite3.Connection], None]) -> None:
    """Write, and adopt what the file then holds before anybody else writes."""

    def changed(connection: sqlite3.Connection) -> tuple[list[Database], list[Container]]:
        change(connection)
        return load(connection)

    await context.storage.write(changed, then=context.catalogue.adopt)
