"""How progress looks on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from anomalyctl.cli import progress
from anomalyctl.cli.invocation import current


def test_counted_work_has_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    current.reset()
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr(progress, "talk", lambda: console)
    with progress.shown_progress() as shown:
        shown.advance(30, 60, "Judging [well]-1")
    written = screen.getvalue()
    assert "Judging [well]-1" in written
    assert "━━━━" in written
    assert "30 of 60" in written
