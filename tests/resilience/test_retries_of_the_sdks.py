"""How often the SDKs ask by themselves: once, but for what Cosmos DB's own cannot be kept from."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest
from pydantic import BaseModel

from anomalyctl.errors import AnomalyctlError
from anomalyctl.language.client import LanguageClient
from anomalyctl.language.settings import LanguageSettings
from anomalyctl.resilience.policies import Policy
from anomalyctl.stores.cosmos import connect_cosmos

KEY = "a2V5LW9mLXRoZS10ZXN0cw=="  # pragma: allowlist secret


class Shape(BaseModel):
    """Of an answer that never comes."""

    said: str


@contextmanager
def failing_with(status: int, *, but: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server that answers all `but` one path so; its address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers.get("content-length", "0")))
            well = self.path == but
            body = _account(self.headers["Host"]) if well else b"{}"
            self.send_response(200 if well else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the server's own name

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_the_sdk_of_cosmos_db_asks_once_where_it_is_throttled() -> None:
    assert _asked_for_a_document(429) == 1


def test_the_sdk_of_cosmos_db_repeats_once_what_is_unavailable_though_its_retries_are_off() -> None:
    # No option turns this off; it is what keeps ours from being the only retry. Fails where it gets worse.
    assert _asked_for_a_document(503) == 2


def test_the_sdk_of_cosmos_db_asks_for_its_account_four_times_at_most_though_its_retries_are_off() -> None:
    with failing_with(503) as (address, asked):
        with suppress(AnomalyctlError):
            connect_cosmos(f"AccountEndpoint={address}/;AccountKey={KEY};")
        assert 1 <= len(asked) <= 4


def _asked_for_a_document(status: int) -> int:
    from azure.core.exceptions import AzureError

    with failing_with(status, but="/") as (address, asked):
        client = connect_cosmos(f"AccountEndpoint={address}/;AccountKey={KEY};")
        with suppress(AzureError):
            client.get_database_client("d").get_container_client("c").read_item("i", "p")
        return len([path for path in asked if path != "/"])


@pytest.mark.parametrize("status", [429, 503])
def test_the_sdk_of_openai_asks_once(status: int) -> None:
    with failing_with(status) as (address, asked):
        client = LanguageClient(
            LanguageSettings(address, "gpt", KEY), policy=Policy("m", 5, attempts=1, rate_limit_attempts=1)
        )
        with pytest.raises(AnomalyctlError):
            client.parse("be brief", "{}", Shape, most_tokens=5)
        assert len(asked) == 1, asked


def _account(host: str) -> bytes:
    here = [{"name": "here", "databaseAccountEndpoint": f"http://{host}/"}]
    places = {"writableLocations": here, "readableLocations": here}
    return orjson.dumps(
        {"id": "x", **places, "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"}}
    )
