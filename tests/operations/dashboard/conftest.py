"""A dashboard of a few files, and machines with other programs than this one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.tiny_dashboard import TinyDashboard


@pytest.fixture
def tiny(tmp_path: Path) -> TinyDashboard:
    return TinyDashboard(tmp_path)


@pytest.fixture
def a_path_with(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """An environment whose PATH holds exactly these programs, each a script that prints a version."""

    def make(**versions: str) -> dict[str, str]:
        folder = tmp_path / f"bin-{time.monotonic_ns()}"
        folder.mkdir()
        for name, version in versions.items():
            program = folder / name
            program.write_text(f"#!{shutil.which('sh')}\necho {version}\n")
            program.chmod(0o755)
        return {"PATH": str(folder)}

    return make
