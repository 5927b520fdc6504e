"""The production build of the dashboard, made once for all tests, and servers of it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from anomalyctl.operations.dashboard.build_failures import BuildFailed
from anomalyctl.operations.dashboard.building import Build, Builder
from anomalyctl.operations.logs_lines import LogLine, parse_line
from tests.support.command_line import CHECKOUT
from tests.support.ports import free_port
from tests.support.tiny_dashboard import node_or_skip

HOME = CHECKOUT / ".anomalyctl" / "dashboard"
"""Where `anomalyctl deploy` keeps builds: one serves all tests and `make demo` until a source changes."""
_START_S = 60.0


def production_build() -> Build:
    """Built where the sources have changed (about a minute); skips with the reason where it cannot be."""
    log = HOME / "build.log"
    builder = Builder(CHECKOUT / "services" / "dashboard", HOME, log, node_or_skip(), os.environ)
    try:
        return builder.build(threading.Event())
    except BuildFailed as error:
        if builder.stage.startswith("installing"):
            pytest.skip(f"npm cannot install the packages here: {error.message}")
        raise AssertionError(f"{error.message}\n{log.read_text()[-3000:]}") from error


class DashboardServer:
    """A running server; `logs` is what it printed."""

    def __init__(self, build: Build, environment: dict[str, str], folder: Path) -> None:
        self.build = build
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"dashboard-{self.port}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(build.node.node), "server.js"],
                cwd=build.folder,
                env={
                    "PATH": os.environ["PATH"],
                    "HOSTNAME": "127.0.0.1",
                    "PORT": str(self.port),
                    "NODE_ENV": "production",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.client = httpx.Client(base_url=self.address, timeout=30, trust_env=False)

    def wait(self) -> None:
        """Until it answers, well or not."""
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.logs
            try:
                self.client.get("/api/health")
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"it did not start: {self.logs}")

    @property
    def logs(self) -> str:
        return self._log.read_text()

    @property
    def lines(self) -> list[LogLine]:
        """The same as `anomalyctl logs` reads it."""
        return [parse_line("dashboard", line) for line in self.logs.splitlines()]

    def act(
        self, action: str, request: dict[str, Any], path: str | None = None, **headers: str
    ) -> httpx.Response:
        """Post to a server action as a browser would, with these headers instead of a browser's."""
        manifest = self.build.folder / ".next" / "server" / "server-reference-manifest.json"
        actions = json.loads(manifest.read_text())["node"]
        (identifier,) = [key for key, each in actions.items() if each["exportedName"] == action]
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            path or f"/anomalies/{request['anomalyId']}",
            content=json.dumps([request]),
            headers={
                "Next-Action": identifier,
                "Accept": "text/x-component",
                "Content-Type": "text/plain;charset=UTF-8",
                **names,
            },
        )

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def dashboard_server(build: Build, folder: Path, **environment: str) -> Iterator[DashboardServer]:
    """A server that answers; stopped at the end."""
    server = DashboardServer(build, environment, folder)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
