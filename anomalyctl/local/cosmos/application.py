"""The ASGI application: authorize, admit, dispatch, answer; and the two routes that need no key."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from anomalyctl.local.cosmos import documents, operations
from anomalyctl.local.cosmos.context import Context, Settings
from anomalyctl.local.cosmos.failures import (
    CosmosFailure,
    bad_request,
    not_found,
    throttled,
    too_large,
)
from anomalyctl.local.cosmos.faults import Fault
from anomalyctl.local.cosmos.wire import (
    Answer,
    Call,
    activity_of,
    answer_failure,
    answer_json,
    common_headers,
    read_bounded,
)
from anomalyctl.observability.bound import bind, new_trace_id
from anomalyctl.resilience.rate_limit import RateLimit

LARGEST_REQUEST = 4 * 1024 * 1024
"""Bytes: an item or a batch of 2 MB, and what stands around it."""

STRANGERS_PER_SECOND = 10.0
"""Requests without the key that are told so; more get 429."""

_log = logging.getLogger(__name__)

Handler = Callable[[Context, Call], Awaitable[Answer]]

_HANDLERS: dict[str, tuple[Handler, frozenset[str]]] = {
    "": (operations.read_account, frozenset({"GET"})),
    "dbs": (operations.databases, frozenset({"GET", "POST"})),
    "dbs/*": (operations.database, frozenset({"GET", "DELETE"})),
    "dbs/*/colls": (operations.containers, frozenset({"GET", "POST"})),
    "dbs/*/colls/*": (operations.container, frozenset({"GET", "PUT", "DELETE"})),
    "dbs/*/colls/*/pkranges": (operations.partition_key_ranges, frozenset({"GET"})),
    "dbs/*/colls/*/docs": (documents.documents, frozenset({"GET", "POST"})),
    "dbs/*/colls/*/docs/*": (documents.document, frozenset({"GET", "PUT", "PATCH", "DELETE"})),
    "dbs/*/colls/*/operations/*": (documents.delete_partition, frozenset({"POST"})),
    "offers": (operations.offers, frozenset({"GET", "POST"})),
    "offers/*": (operations.offers, frozenset({"GET", "PUT"})),
}


def build_app(settings: Settings) -> Starlette:
    """The endpoint over one data file. Raises sqlite3.Error where that cannot be opened."""
    context = Context.open(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        purging = asyncio.create_task(context.purge_for_ever())
        yield
        purging.cancel()
        with suppress(asyncio.CancelledError):
            await purging
        context.storage.close()

    async def health(_: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def faults(request: Request) -> Response:
        try:
            if request.method == "POST":
                wanted = orjson.loads(await request.body())
                context.faults.order(wanted)
                if wanted.get("purge"):
                    await context.purge_once()
        except CosmosFailure as failure:
            return Response(failure.body(""), failure.status, media_type="application/json")
        return Response(orjson.dumps(context.faults), media_type="application/json")

    routes = [
        Route("/_health", health),
        *([Route("/_faults", faults, methods=["GET", "POST"])] if settings.faults else []),
    ]
    routes.append(Route("/{path:path}", _Endpoint(context)))
    return Starlette(routes=routes, lifespan=lifespan)


class _Endpoint:
    """Every request of an SDK."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._strangers = RateLimit(STRANGERS_PER_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        base_url = f"{scope['scheme']}://{headers.get('host', 'localhost')}"
        path = scope.get("raw_path") or scope["path"].encode()
        activity_id = activity_of(headers)
        content = await read_bounded(request, LARGEST_REQUEST)
        call = Call.of(request.method, path, headers, content or b"", base_url)
        if content is None:
            refused = answer_failure(too_large("Request size is too large."), activity_id)
            closing = common_headers(call, refused, activity_id) | {"connection": "close"}
            await Response(refused.body, refused.status, closing)(scope, receive, send)
            return
        fault = self._context.faults.next_for(call)
        # The client's errors name the activity, so its lines here are found by it.
        with bind(trace_id=_trace_id(activity_id)):
            answer = await self._answer(call, activity_id, fault)
        if fault is not None and fault.cut:
            # The server closes a connection whose answer was begun and not ended.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            return
        response = Response(answer.body, answer.status, common_headers(call, answer, activity_id))
        if answer.status in (204, 304):
            del response.headers["content-type"]
        await response(scope, receive, send)

    async def _answer(self, call: Call, activity_id: str, fault: Fault | None) -> Answer:
        try:
            if fault is not None and not fault.cut:
                raise fault.failure()
            if fault is not None and not fault.applied:
                return Answer(503)
            return await self._serve(call)
        except CosmosFailure as failure:
            return answer_failure(failure, activity_id)
        except (RecursionError, orjson.JSONEncodeError):
            # It nests more than 254 deep: that much is read, and cannot be written.
            return answer_failure(bad_request("The request is nested too deeply."), activity_id)
        except Exception:  # noqa: BLE001 - the boundary: a bug ends in the log and in a 500, not in a dead connection
            _log.exception("%s /%s failed", call.method, "/".join(call.segments))
            return answer_json(
                {"code": "InternalServerError", "message": "A bug of the local endpoint; see its log."}, 500
            )

    async def _serve(self, call: Call) -> Answer:
        types, links = call.resource
        clock = self._context.settings.clock()
        try:
            self._context.settings.key.check(call.method, types, links, call.headers, clock)
        except CosmosFailure:
            # Whoever guesses keys takes nothing from those who know theirs.
            if wait_s := self._strangers.wait_s():
                raise throttled(int(1000 * wait_s) + 1) from None
            raise
        handler, methods = _HANDLERS.get(call.shape, (None, frozenset()))
        if handler is None:
            raise not_found("The local endpoint does not have this resource.")
        if call.method not in methods:
            raise CosmosFailure(405, "MethodNotAllowed", f"{call.method} is not allowed here.")
        self._context.throughput.admit(self._context.settings.clock())
        answer = await handler(self._context, call)
        self._context.throughput.spend(answer.charge)
        return answer


def _trace_id(activity_id: str) -> str:
    """The activity's 32 hex digits; what a stranger wrote there instead does not reach the log."""
    try:
        return uuid.UUID(activity_id).hex
    except ValueError:
        return new_trace_id()
