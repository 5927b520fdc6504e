"""A state backend over HTTP (`backend "http"`) that remembers what was asked of it, and can be slow."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class StateServer:
    """One state, one lock, and the verbs in the order in which they came."""

    def __init__(self, *, slow_writes_s: float = 0.0) -> None:
        self.slow_writes_s = slow_writes_s
        self.refuses_writes = False
        self.verbs: list[str] = []
        self.state = b""
        self.lock: dict[str, Any] | None = None
        self._busy = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> StateServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/state"

    @property
    def hcl(self) -> str:
        """The backend block that uses it."""
        return (
            f'terraform {{\n  backend "http" {{\n    address = "{self.address}"\n'
            f'    lock_address = "{self.address}"\n'
            f'    unlock_address = "{self.address}"\n    retry_max = 0\n  }}\n}}\n'
        )

    @property
    def changes(self) -> list[str]:
        """LOCK, PUT and UNLOCK, in order."""
        return [verb for verb in self.verbs if verb != "GET"]

    def resources(self) -> dict[str, str]:
        """Addresses in the state, and `tainted` or ``."""
        if not self.state:
            return {}
        return {
            f"{one['type']}.{one['name']}": one["instances"][0].get("status", "")
            for one in json.loads(self.state)["resources"]
            if one["mode"] == "managed"
        }

    def answer(self, verb: str, body: bytes) -> tuple[int, bytes]:
        self.verbs.append(verb)
        if verb == "GET":
            return (200, self.state) if self.state else (204, b"")
        if verb == "LOCK":
            with self._busy:
                if self.lock is not None:
                    return 423, json.dumps(self.lock).encode()
                self.lock = json.loads(body)
                return 200, b""
        if verb == "UNLOCK":
            time.sleep(self.slow_writes_s)
            with self._busy:
                wanted = json.loads(body).get("ID") if body else None
                if self.lock is not None and wanted not in (None, self.lock["ID"]):
                    return 409, json.dumps(self.lock).encode()
                self.lock = None
                return 200, b""
        if self.refuses_writes:
            return 500, b""
        time.sleep(self.slow_writes_s)
        self.state = body
        return 200, b""


def _handler(server: StateServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:
                self.close_connection = True

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, answer = server.answer(self.command, body)
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_LOCK = do_UNLOCK = do_DELETE = _any  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
