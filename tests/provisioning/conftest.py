"""Roots that are killed, and the backend that watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anomalyctl.provisioning.ledger import Ledger
from tests.support.state_server import StateServer
from tests.support.wrapped_root import SLOW_CHAIN, WrappedRoot


@pytest.fixture
def backend() -> Iterator[StateServer]:
    with StateServer() as server:
        yield server


@pytest.fixture
def chain(tmp_path: Path, backend: StateServer) -> WrappedRoot:
    """Three resources over HTTP, initialised and planned; `apply --yes` takes 3 s."""
    root = WrappedRoot(tmp_path / "root", backend.hcl + SLOW_CHAIN)
    root.document("plan")
    backend.verbs.clear()
    return root


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """An empty ledger whose clock goes on by a second each time it is asked."""
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    times = (noon + timedelta(seconds=second) for second in range(1, 10_000))
    return Ledger(tmp_path / "runs", clock=lambda: next(times))
