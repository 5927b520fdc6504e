"""A command line that is run as the console script runs it, in this process."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from anomalyctl.cli import boundary, console


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def anomalyctl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run a command line; gives its exit code and what it wrote."""
    for name in [name for name in os.environ if name.startswith("ANOMALYCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(boundary.signal, "signal", lambda *_: None)  # the test runner keeps its own handlers

    def run(*arguments: str) -> Ended:
        console.out.cache_clear()
        console.talk.cache_clear()
        code = boundary.run_command(list(arguments))
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return run
