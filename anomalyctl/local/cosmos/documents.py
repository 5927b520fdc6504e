"""Items over HTTP: each function answers one kind of request under `…/docs`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import orjson

from anomalyctl.local.cosmos.batch import BatchFailed, run_batch, run_bulk
from anomalyctl.local.cosmos.catalogue import Container
from anomalyctl.local.cosmos.change_feed import read_changes, start_from
from anomalyctl.local.cosmos.charges import query_charge, read_charge
from anomalyctl.local.cosmos.context import Context
from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request, owner_not_found, too_large
from anomalyctl.local.cosmos.items import MAX_ITEM_BYTES, Conditions, Items, Outcome
from anomalyctl.local.cosmos.page import Page, page_limit
from anomalyctl.local.cosmos.partition_keys import from_header
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.parser import parse_query
from anomalyctl.local.cosmos.query.plan import needs_merging, plan_needed, query_plan
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.scope import RANGE_ID, required_key, scope_of
from anomalyctl.local.cosmos.wire import Answer, Call, answer_json

_EVERYTHING = "SELECT * FROM c"
_CROSS_PARTITION = (
    "Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition "
    "to true, specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception."
)


async def documents(context: Context, call: Call) -> Answer:
    """GET, POST …/docs: feed, change feed, query, query plan, batch, create, upsert."""
    container = _container(context, call)
    if call.method == "GET":
        return await (_changes if "a-im" in call.headers else _feed)(context, call, container)
    if call.is_set("x-ms-cosmos-is-query-plan-request"):
        return _plan(call)
    if call.is_set("x-ms-documentdb-isquery") or "query+json" in call.headers.get("content-type", ""):
        return await _query(context, call, container)
    if call.is_set("x-ms-cosmos-is-batch-request"):
        return await _batch(context, call)
    body, conditions = call.json(), _conditions(call)

    def write(items: Items, container: Container) -> Outcome:
        key = from_header(call.headers.get("x-ms-documentdb-partitionkey"), container.partition_key_paths)
        if call.is_set("x-ms-documentdb-is-upsert"):
            return items.upsert(key, body, conditions)
        return items.create(key, body)

    return await _write(context, call, write)


async def document(context: Context, call: Call) -> Answer:
    """GET, PUT, PATCH, DELETE …/docs/{id}"""
    item_id, conditions = call.segments[5], _conditions(call)
    if call.method == "GET":
        container, now = _container(context, call), int(context.now())
        key, wanted = required_key(call.headers, container), conditions.if_none_match
        outcome = await context.storage.read(
            lambda one: Items(one, container, now).read(key, item_id, wanted)
        )
        return _item_answer(call, container, outcome)
    body = None if call.method == "DELETE" else call.json()

    def write(items: Items, container: Container) -> Outcome:
        key = required_key(call.headers, container)
        if call.method == "DELETE":
            return items.delete(key, item_id, conditions)
        operation = items.replace if call.method == "PUT" else items.patch
        return operation(key, item_id, body, conditions)

    return await _write(context, call, write)


async def delete_partition(context: Context, call: Call) -> Answer:
    """POST …/operations/partitionkeydelete"""
    return await _write(
        context, call, lambda items, container: items.delete_partition(required_key(call.headers, container))
    )


async def _write(context: Context, call: Call, operation: Callable[[Items, Container], Outcome]) -> Answer:
    now = int(context.now())

    def change(connection: sqlite3.Connection) -> tuple[Container, Outcome]:
        # Looked up in the transaction: its columns may have changed while this write stood in line.
        container = _container(context, call)
        return container, operation(Items(connection, container, now), container)

    return _item_answer(call, *await context.storage.write(change))


async def _feed(context: Context, call: Call, container: Container) -> Answer:
    question = Question(container, _EVERYTHING, scope_of(call.headers, container), int(context.now()))
    return await _answer_question(context, call, question)


async def _query(context: Context, call: Call, container: Container) -> Answer:
    question = _question(call, container, int(context.now()))
    if not (_pinned(call) or question.pushdown.pins_partition(question.query.where)):
        if not call.is_set("x-ms-documentdb-query-enablecrosspartition"):
            raise bad_request(_CROSS_PARTITION)
        execution = Execution(question.query, question.parameters)
        if needs_merging(execution):
            # The SDK asks for the plan, and merges (JavaScript) or refuses (Python), as with many partitions.
            raise plan_needed(execution)
    return await _answer_question(context, call, question)


async def _answer_question(context: Context, call: Call, question: Question) -> Answer:
    limit, token = page_limit(call.headers), call.headers.get("x-ms-continuation")
    page = await context.storage.read(lambda one: context.queries.page(one, question, limit, token))
    return _page_answer(question.container, page, {"x-ms-continuation": page.continuation})


async def _changes(context: Context, call: Call, container: Container) -> Answer:
    start, scope = start_from(call.headers), scope_of(call.headers, container)
    limit, now = page_limit(call.headers), int(context.now())
    page = await context.storage.read(lambda one: read_changes(one, container, start, scope, limit, now))
    answer = _page_answer(container, page, {"etag": page.continuation})
    return answer if page.documents else Answer(304, b"", answer.charge, answer.headers)


async def _batch(context: Context, call: Call) -> Answer:
    if len(call.content) > MAX_ITEM_BYTES:
        raise too_large("Request size is too large: a batch may have 2 MB.")
    operations, now, atomic = call.json(), int(context.now()), call.is_set("x-ms-cosmos-batch-atomic")
    if _minimal(call) and isinstance(operations, list):
        for operation in filter(lambda one: isinstance(one, dict), operations):
            operation.setdefault("minimalReturnPreference", True)

    def change(connection: sqlite3.Connection) -> list[dict[str, Any]]:
        container = _container(context, call)
        if atomic:
            return run_batch(connection, container, required_key(call.headers, container), operations, now)
        return run_bulk(connection, container, operations, now)

    try:
        results = await context.storage.write(change)
    except BatchFailed as failed:
        results = failed.results
    container = _container(context, call)
    lsn = await context.storage.read(lambda one: Items(one, container, now).lsn())
    failed_one = any(result["statusCode"] >= 400 for result in results)
    charge = round(sum(result["requestCharge"] for result in results), 2)
    return Answer(207 if failed_one else 200, orjson.dumps(results), charge, _place(container, lsn))


def _plan(call: Call) -> Answer:
    asked = call.json_object()
    execution = Execution(_question_tree(asked), _parameters(asked))
    return answer_json(query_plan(execution, call.headers.get("x-ms-cosmos-supported-query-features", "")))


def _question(call: Call, container: Container, now: int) -> Question:
    asked = call.json_object()
    _question_tree(asked)
    return Question(container, asked["query"], scope_of(call.headers, container), now, _parameters(asked))


def _question_tree(asked: dict[str, Any]) -> Any:
    if not isinstance(asked.get("query"), str):
        raise bad_request("The input content is invalid: a query is expected.")
    return parse_query(asked["query"])


def _parameters(asked: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in asked.get("parameters") or []}


def _pinned(call: Call) -> bool:
    return any(
        name in call.headers
        for name in ("x-ms-documentdb-partitionkey", "x-ms-documentdb-partitionkeyrangeid", "x-ms-start-epk")
    )


def _container(context: Context, call: Call) -> Container:
    try:
        container = context.catalogue.container(call.segments[1], call.segments[3])
    except CosmosFailure:
        raise owner_not_found() from None
    if call.headers.get("x-ms-cosmos-intended-collection-rid", container.rid) != container.rid:
        raise bad_request("The container was deleted and made again; read it anew.", substatus=1024)
    return container


def _conditions(call: Call) -> Conditions:
    return Conditions(call.headers.get("if-match"), call.headers.get("if-none-match"))


def _item_answer(call: Call, container: Container, outcome: Outcome) -> Answer:
    headers = _place(container, outcome.lsn)
    if outcome.etag:
        headers["etag"] = outcome.etag
    minimal = _minimal(call) and call.method != "GET"
    return Answer(outcome.status, b"" if minimal else outcome.body or b"", outcome.charge, headers)


def _minimal(call: Call) -> bool:
    return "return=minimal" in call.headers.get("prefer", "")


def _page_answer(container: Container, page: Page, extra: dict[str, str | None]) -> Answer:
    headers = _place(container, page.lsn) | {
        name: value for name, value in extra.items() if value is not None
    }
    headers["x-ms-item-count"] = str(len(page.documents))
    charge = query_charge(len(page.documents), page.size) if page.documents else read_charge(0)
    return Answer(200, page.body(container.rid), charge, headers)


def _place(container: Container, lsn: int) -> dict[str, str]:
    """Where the answer comes from: what SDKs keep of a session."""
    return {
        "x-ms-session-token": f"{RANGE_ID}:-1#{lsn}",
        "lsn": str(lsn),
        "x-ms-alt-content-path": container.link,
        "x-ms-content-path": container.rid,
        "x-ms-documentdb-partitionkeyrangeid": RANGE_ID,
    }
