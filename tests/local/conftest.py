"""Small real processes that stand in for the parts, and folders to run them in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from anomalyctl.local import control
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, Probe
from anomalyctl.local.secrets_file import LocalSecrets
from anomalyctl.local.state import SupervisorState
from anomalyctl.operations.deploy import Blueprint
from anomalyctl.processes.identity import ProcessIdentity

SERVER = """
import http.server, os, signal, socketserver, sys
port, stubborn = int(sys.argv[1]), "stubborn" in sys.argv
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: (print("asked to end", flush=True), os._exit(0)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status = 503 if os.path.exists(os.environ["SICK"]) else 200
        self.send_response(status); self.end_headers(); self.wfile.write(b"{}")
    def log_message(self, *args): pass
print("serving", flush=True)
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("127.0.0.1", port), Handler).serve_forever()
"""
FAILING = "import sys; print('the reason why', flush=True); sys.exit(3)"


class Dummies:
    """A blueprint of small HTTP servers."""

    def __init__(self, folder: LocalFolder) -> None:
        self.folder = folder
        self.names: tuple[str, ...] = ("first", "second")
        self.failing: set[str] = set()
        self.stubborn: set[str] = set()
        self.version = "1"
        self.prepared: list[str] = []

    def sick(self, name: str) -> Path:
        """While this file exists, the part of that name answers 503."""
        return self.folder.root.parent.parent / f"{name}.sick"

    def running(self) -> SupervisorState:
        state = control.running_state(self.folder)
        assert state is not None
        return state

    def process_of(self, name: str) -> ProcessIdentity:
        part = self.running().part(name)
        assert part is not None
        assert part.process is not None
        return part.process

    def is_well(self, name: str, *, not_: ProcessIdentity | None = None) -> bool:
        part = self.running().part(name)
        return part is not None and part.health == "healthy" and part.process not in (None, not_)

    def within(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Poll a condition on a real process."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def blueprint(self) -> Blueprint:
        return Blueprint(
            names=self.names,
            build=self.build,
            prepare={self.names[0]: lambda ports, secrets: self.prepared.append(self.names[0])},
        )

    def build(self, ports: Mapping[str, int], secrets: LocalSecrets) -> tuple[Part, ...]:
        return tuple(self.part(name, ports[name]) for name in self.names)

    def part(self, name: str, port: int) -> Part:
        code = FAILING if name in self.failing else SERVER
        flags = ("stubborn",) if name in self.stubborn else ()
        return Part(
            name=name,
            title=name.capitalize(),
            argv=(sys.executable, "-c", code, str(port), *flags),
            probe=Probe("http", port, timeout_s=0.5),
            env={"SICK": str(self.sick(name))},
            after=() if name == self.names[0] else (self.names[0],),
            stop_s=1.0 if name in self.stubborn else 5.0,
            version=self.version,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[LocalFolder]:
    """A local folder; whatever was started in it is stopped afterwards."""
    local = LocalFolder(tmp_path / "state" / "local")
    yield local
    if local.supervisor_lock.exists() or local.state.is_file():
        control.stop_supervisor(local)


@pytest.fixture
def dummies(folder: LocalFolder) -> Dummies:
    return Dummies(folder)
