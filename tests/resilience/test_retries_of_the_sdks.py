"""The SDKs' own retries are off: each asks once, whatever comes of it, and ours is the only one."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from weakref import ref

import orjson
import pytest
from azure.core.pipeline.transport import HttpRequest
from pydantic import BaseModel

from anomalyctl.errors import AnomalyctlError, SignInFailed, Transient, Unreachable
from anomalyctl.language.client import LanguageClient
from anomalyctl.language.settings import LanguageSettings
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.manner import once
from anomalyctl.resilience.policies import CACHE, DETECTORS, Policy
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.cosmos_errors import cosmos_errors
from anomalyctl.stores.cosmos_transport import AskedAgain, OnceTransport

KEY = "a2V5LW9mLXRoZS10ZXN0cw=="  # pragma: allowlist secret
CUT: Final = "cut"
Answer = tuple[int, str] | str
"""Status and sub-status, or a connection that is cut."""


class Shape(BaseModel):
    """Of an answer that never comes."""

    said: str


@contextmanager
def answering(trouble: Callable[[str], Answer | None]) -> Iterator[tuple[str, list[str]]]:
    """An account that answers a path as `trouble` says, or well; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length", "0")))
            answer = trouble(self.path)
            if isinstance(answer, str):
                self.close_connection = True
                return
            status, sub_status, body = 200, "", _well(self.path, self.headers["Host"])
            if answer is not None:
                (status, sub_status), body = answer, b"{}"
            elif self.headers["If-None-Match"]:
                status, body = 304, b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if sub_status:
                self.send_header("x-ms-substatus", sub_status)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET  # noqa: N815 - the server's own names

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def _well(path: str, host: str) -> bytes:
    if path == "/":
        here = [{"name": "here", "databaseAccountEndpoint": f"http://{host}/"}]
        places = {"writableLocations": here, "readableLocations": here}
        consistency = {"defaultConsistencyLevel": "Session"}
        return orjson.dumps({"id": "x", **places, "userConsistencyPolicy": consistency})
    if "pkranges" in path:
        return orjson.dumps(
            {"PartitionKeyRanges": [{"id": "0", "minInclusive": "", "maxExclusive": "FF", "_rid": "x"}]}
        )
    key = {"paths": ["/pk"], "kind": "Hash", "version": 2}
    return orjson.dumps({"id": "c", "_rid": "r", "_self": "x", "partitionKey": key})


CALLS: dict[str, Callable[[Any], object]] = {
    "read": lambda container: container.read_item("i", "p"),
    "write": lambda container: container.upsert_item({"id": "i", "pk": "p"}),
    "change": lambda container: container.patch_item("i", "p", [{"op": "set", "path": "/a", "value": 1}]),
    "transaction": lambda container: container.execute_item_batch([("delete", ("i",))], "p"),
    "query": lambda container: list(container.query_items("SELECT * FROM c", partition_key="p")),
    "query of all": lambda container: list(
        container.query_items("SELECT * FROM c", enable_cross_partition_query=True)
    ),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((503, ""), Transient),
        ((500, ""), Transient),
        ((408, ""), Transient),
        ((410, ""), Transient),
        ((449, ""), Transient),
        ((429, ""), Transient),
        ((404, "1002"), Transient),
        ((401, ""), SignInFailed),
        (CUT, Unreachable),
    ],
    ids=str,
)
def test_the_sdk_of_cosmos_db_asks_once(call: str, answer: Answer, error: type[Exception]) -> None:
    with answering(lambda path: answer if "/docs" in path else None) as (address, asked):
        with pytest.raises(error), cosmos_errors("do it"):
            CALLS[call](_container(address))
        assert len([path for path in asked if "/docs" in path]) == 1


def test_where_no_more_is_written_the_sdk_notes_it_and_asks_no_second_time() -> None:
    with answering(lambda path: (403, "3") if "/docs" in path else None) as (address, asked):
        with pytest.raises(Transient, match="fails over"), cosmos_errors("do it"):
            CALLS["write"](_container(address))
        assert len([path for path in asked if "/docs" in path]) == 1


def test_another_call_for_the_same_is_no_repeat() -> None:
    with answering(lambda path: (503, "") if "/docs" in path else None) as (address, asked):
        container = _container(address)
        for _ in range(2):
            with pytest.raises(Transient), cosmos_errors("do it"):
                CALLS["read"](container)
        assert len([path for path in asked if "/docs" in path]) == 2


@pytest.mark.parametrize("answer", [(503, ""), CUT], ids=str)
def test_the_sdk_of_cosmos_db_asks_for_its_account_once(answer: Answer) -> None:
    with answering(lambda path: answer) as (address, asked):
        with pytest.raises(Transient):
            connect_cosmos(f"AccountEndpoint={address}/;AccountKey={KEY};")
        assert len(asked) == 1


def test_a_request_that_was_changed_since_is_asked_and_what_failed_is_forgotten_in_the_end() -> None:
    with answering(lambda path: (503, "")) as (address, asked), OnceTransport() as transport:
        request = HttpRequest("GET", address, headers={"authorization": "old"})
        assert transport.send(request).status_code == 503
        with pytest.raises(AskedAgain):
            transport.send(request)
        request.headers["authorization"] = "new"
        assert transport.send(request).status_code == 503
        assert len(asked) == 2
        gone = ref(request)
        del request
        gc.collect()
        assert gone() is None


def _container(address: str) -> Any:
    client = connect_cosmos(f"AccountEndpoint={address}/;AccountKey={KEY};")
    return client.get_database_client("d").get_container_client("c")


@pytest.mark.parametrize("answer", [(503, ""), CUT], ids=str)
def test_httpx_asks_the_detectors_once(answer: Answer) -> None:
    policy = replace(DETECTORS, attempts=1)
    with answering(lambda path: answer) as (address, asked):
        client = DetectorClient(address, policy=policy)
        with pytest.raises(Transient):
            client.judge("ml", "well-1", [b"{}"])
        client.close()
        assert len(asked) == 1


def test_a_guard_of_redis_asks_as_often_as_its_policy_says_and_redis_py_never_by_itself() -> None:
    asked: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.05)
        leave = threading.Event()

        def hang_up() -> None:
            while not leave.is_set():
                with suppress(TimeoutError):
                    caller, _ = door.accept()
                    asked.append(1)
                    caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        address = f"127.0.0.1:{door.getsockname()[1]},ssl=False"
        for attempts in (1, 3):
            asked.clear()
            guard = Guard(replace(CACHE, attempts=attempts), sleep=lambda _: None)
            client = connect_redis(address, guard=guard)
            with pytest.raises(Unreachable):
                client.ping()
            with suppress(Unreachable), once():
                pipe: Any = client.pipeline()
                pipe.set("a", 1).execute()
            client.close()
            assert len(asked) == attempts + 1
        leave.set()
        thread.join(5)


@pytest.mark.parametrize("status", [429, 503])
def test_the_sdk_of_openai_asks_once(status: int) -> None:
    with answering(lambda path: (status, "")) as (address, asked):
        client = LanguageClient(
            LanguageSettings(address, "gpt", KEY), policy=Policy("m", 5, attempts=1, rate_limit_attempts=1)
        )
        with pytest.raises(AnomalyctlError):
            client.parse("be brief", "{}", Shape, most_tokens=5)
        assert len(asked) == 1, asked
