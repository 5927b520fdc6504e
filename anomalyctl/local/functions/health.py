"""`GET /health` and `/metrics` on loopback: how each function has fared, and the figures of the process."""

from __future__ import annotations

import hmac
import socketserver
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

import orjson

from anomalyctl.observability.figures import exposition
from anomalyctl.resilience.rate_limit import RateLimit, retry_after

LOOPBACK = "127.0.0.1"
REQUESTS_PER_SECOND: Final = 50.0
"""The supervisor asks once in two seconds, `status` now and then."""


class HealthServer:
    """Serves what `report` returns: 200 while it says healthy, 503 otherwise."""

    def __init__(
        self,
        port: int,
        token: str,
        report: Callable[[], dict[str, Any]],
        *,
        requests_per_second: float = REQUESTS_PER_SECOND,
    ) -> None:
        expected, limit = f"Bearer {token}".encode(), RateLimit(requests_per_second)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                wait_s = limit.wait_s()
                if wait_s:
                    self._refuse(429, headers={"Retry-After": retry_after(wait_s)})
                elif not hmac.compare_digest(
                    self.headers.get("Authorization", "").encode("utf-8", "replace"), expected
                ):
                    self._refuse(401, headers={"WWW-Authenticate": "Bearer"})
                elif self.path not in ("/health", "/metrics"):
                    self._refuse(404)
                elif self.path == "/metrics":
                    self._send(200, exposition().encode(), "text/plain; version=0.0.4")
                else:
                    found = report()
                    self._answer(200 if found["status"] == "healthy" else 503, found)

            def log_message(self, format: str, *args: Any) -> None:
                """A probe each other second is nothing to log."""

            def _answer(self, status: int, body: dict[str, Any]) -> None:
                self._send(status, orjson.dumps(body), "application/json")

            def _refuse(self, status: int, headers: Mapping[str, str] | None = None) -> None:
                body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
                self._send(status, orjson.dumps(body), "application/problem+json", headers)

            def _send(
                self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None
            ) -> None:
                self.send_response(status)
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        class Server(socketserver.ThreadingTCPServer):
            # Not http.server's own: that looks up the machine's name, which takes seconds without a network.
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server((LOOPBACK, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
