"""A real local Cosmos endpoint in a process of its own, for any suite that needs one."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from tests.support.ports import free_port

KEY = base64.b64encode(b"local-cosmos-test-key-of-64-bytes".ljust(64, b".")).decode()
_START_S = 20.0


class CosmosServer:
    """The process and how to reach it."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.key = KEY
        self._options = options
        self.process = self._start()

    @property
    def connection_string(self) -> str:
        """As the portal shows it."""
        return f"AccountEndpoint={self.endpoint}/;AccountKey={self.key};"

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nothing is closed."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Serve the same file at the same address again."""
        self.stop()
        self.process = self._start()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "anomalyctl.local.cosmos",
            "--port",
            str(self.port),
            "--data",
            str(self.data),
        ]
        with self.data.with_suffix(".log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *self._options],
                env={**os.environ, "COSMOS_ENDPOINT_KEY": self.key},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        _wait_until_healthy(self.endpoint, process, self.data.with_suffix(".log"))
        return process


@contextmanager
def cosmos_server(folder: Path, *options: str) -> Iterator[CosmosServer]:
    """A running endpoint with its data in `folder`; `options` are command-line options, like `--faults`."""
    server = CosmosServer(folder / "cosmos.sqlite", *options)
    try:
        yield server
    finally:
        server.stop()


def _wait_until_healthy(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    # Each try is a connection; a refused one returns at once, so the process itself is waited for in between.
    for _ in range(int(_START_S / 0.05)):
        with suppress(httpx.TransportError):
            httpx.get(f"{endpoint}/_health", timeout=2).raise_for_status()
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            break
    raise RuntimeError(f"the Cosmos endpoint did not start:\n{log.read_text()}")
