"""What App Service and Container Apps offer beside each application: tokens of its managed identity."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from tests.support.azure_stand_in.entra import CLIENT, token

CUT: Final = 0
"""In place of a status: the connection ends without an answer."""
HEADER: Final = "a-header-of-the-host"


class IdentityEndpoint:
    """`asked` holds the query of each request; each of `troubles` is the answer to one, then all is well."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.troubles: list[int] = []
        self.headers: dict[str, str] = {}
        self.port = 0

    def let_find(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the variables by which an application finds it."""
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{self.port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", HEADER)
        monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,127.0.0.2")


@contextmanager
def identity_endpoint() -> Iterator[IdentityEndpoint]:
    """Serve on a free port of loopback."""
    endpoint = IdentityEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            assert self.headers["X-IDENTITY-HEADER"] == HEADER
            assert query["api-version"] == ["2019-08-01"]
            endpoint.asked.append(query)
            status = endpoint.troubles.pop(0) if endpoint.troubles else 200
            if status == CUT:
                self.close_connection = True
                return
            resource = query["resource"][0]
            given = token(resource, idtyp="app", appid=CLIENT)
            well = {"access_token": given.token, "expires_on": str(given.expires_on), "resource": resource}
            ill = {"statusCode": status, "message": "No User Assigned Identity found for this id."}
            body = orjson.dumps({**well, "token_type": "Bearer"} if status == 200 else ill)
            self.send_response(status)
            for name, value in ({} if status == 200 else endpoint.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
