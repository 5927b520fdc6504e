"""One environment `local` for the folder, with real processes to be shaken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shaken import Shaken


@pytest.fixture(scope="module")
def shaken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shaken]:
    """About 6 s to bring up; each test has sources of its own."""
    environment = Shaken(tmp_path_factory.mktemp("shaken") / "project", clocks=True)
    try:
        yield environment
    finally:
        environment.end()
