"""Function apps made for a test, and the real stores that their triggers watch."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.local.part import Probe
from anomalyctl.local.probing import trouble
from tests.support.ports import free_port

KEY = base64.b64encode(b"k" * 64).decode()


class App:
    """A function app in a folder; its functions note what they were called with in a file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes = root.parent / "notes"
        root.mkdir()
        (root / "host.json").write_text('{"version": "2.0"}')

    def function(self, name: str, trigger: dict[str, Any], body: str, **content: Any) -> None:
        """A function whose body may call `note(text)`; its parameter is the trigger's name."""
        folder = self.root / name
        folder.mkdir()
        whole = {"scriptFile": "__init__.py", "bindings": [trigger], **content}
        (folder / "function.json").write_text(json.dumps(whole))
        (folder / "__init__.py").write_text(
            "import json, time\nfrom pathlib import Path\n\n"
            f"def note(text):\n    with Path({str(self.notes)!r}).open('a') as file:\n"
            "        file.write(str(text) + '\\n')\n\n"
            f"def main({trigger['name']}):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        )

    def noted(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path / "app")


@pytest.fixture
def within() -> Callable[[float, Callable[[], Any]], bool]:
    """Poll a condition on real threads and processes."""

    def poll(seconds: float, condition: Callable[[], Any]) -> bool:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    return poll


@pytest.fixture(scope="session")
def cosmos_connection_string(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our Cosmos endpoint in a process of its own (~1 s to start)."""
    port = free_port()
    data = tmp_path_factory.mktemp("cosmos") / "data.sqlite3"
    process = subprocess.Popen(
        [sys.executable, "-m", "anomalyctl.local.cosmos", "--port", str(port), "--data", str(data)],
        env={"COSMOS_ENDPOINT_KEY": KEY, "PATH": ""},
    )
    try:
        deadline = time.monotonic() + 20
        while trouble(Probe("http", port, path="/_health")) is not None:
            assert process.poll() is None, "the Cosmos endpoint ended"
            assert time.monotonic() < deadline, "the Cosmos endpoint did not start"
            time.sleep(0.05)
        yield f"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={KEY};"
    finally:
        process.terminate()
        process.wait(10)
