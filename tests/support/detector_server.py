"""The real detector service in a process of its own, for any suite that needs one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.ports import free_port

SERVICES = Path(__file__).parents[2] / "services"
_START_S = 30.0


@dataclass(frozen=True)
class DetectorServer:
    """How to reach the process."""

    endpoint: str
    token: str


@contextmanager
def detector_server(redis_connection_string: str, folder: Path) -> Iterator[DetectorServer]:
    """A running service (~2 s to start) that reads models from that Redis; its log lies in `folder`."""
    port = free_port()
    server = DetectorServer(f"http://127.0.0.1:{port}", secrets.token_hex(16))
    log = folder / "detectors.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "detector_service.app:create_app"),
                *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
            ],
            env={
                **os.environ,
                "PYTHONPATH": f"{SERVICES / 'detectors'}:{SERVICES.parent}",
                "REDIS_CONNECTION_STRING": redis_connection_string,
                "DETECTOR_TOKEN": server.token,
                "OPENBLAS_NUM_THREADS": "1",
            },
            stdout=out,
            stderr=out,
        )
    try:
        _wait_until_ready(server.endpoint, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(httpx.TransportError):
            if httpx.get(f"{endpoint}/health/ready", timeout=2, trust_env=False).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"the detectors did not start within {_START_S:g} s: {log.read_text()}")
