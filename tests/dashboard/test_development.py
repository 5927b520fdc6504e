"""`npm run dev`: what Next.js asks of itself while somebody develops comes past the proxy's refusals."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from anomalyctl.operations.dashboard.sources import copy_sources
from tests.support.dashboard_driver import installed_packages
from tests.support.ports import free_port

_UPGRADE = (
    "GET /_next/hmr?id=x HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@pytest.fixture
def developing(tmp_path: Path) -> Iterator[str]:
    """The address of `npm run dev` in a copy, so that nothing of it stays in the sources."""
    folder = tmp_path / "dashboard"
    copy_sources(installed_packages(), folder)
    # Turbopack follows no link to packages outside of its root, and hard links take no room.
    shutil.copytree(
        installed_packages() / "node_modules",
        folder / "node_modules",
        symlinks=True,
        copy_function=_linked,
    )
    host = f"127.0.0.1:{free_port()}"
    with (tmp_path / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            ["npm", "run", "dev", "--", "-H", "127.0.0.1", "-p", host.rpartition(":")[2]],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NEXT_TELEMETRY_DISABLED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 60
        while "Ready in" not in (said := (tmp_path / "dev.log").read_text()):
            assert process.poll() is None and time.monotonic() < deadline, said
            time.sleep(0.1)
        yield host
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder / "node_modules", ignore_errors=True)


def test_the_proxy_leaves_next_jss_own_questions_alone_and_refuses_the_others(developing: str) -> None:
    with httpx.Client(base_url=f"http://{developing}", timeout=60, trust_env=False) as client:
        frames = client.post("/__nextjs_original-stack-frames", json={"frames": []})
        assert (frames.status_code, frames.json()) == (200, [])
        assert client.post("/__nextjs_devtools_config", json={}).status_code == 204
        refused = client.post("/", json={})
        assert (refused.status_code, refused.text) == (405, "Nothing can be sent here.\n")
    name, _, port = developing.partition(":")
    with socket.create_connection((name, int(port)), 30) as changes:
        changes.sendall(_UPGRADE.format(host=developing).encode())
        assert changes.recv(64).startswith(b"HTTP/1.1 101 ")


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)
