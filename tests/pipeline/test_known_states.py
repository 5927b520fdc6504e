"""What one drain leaves for the next: used while nothing has changed, and never afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from anomalyctl.pipeline.drain import Drainer
from anomalyctl.pipeline.known_states import MOST_SOURCES, KnownStates
from anomalyctl.stores.leases import Lease
from anomalyctl.telemetry.registry import built_in_registry
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


@pytest.fixture
def windows_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources whose windows were loaded."""
    found: list[str] = []
    read = bench.readings.windows.read

    def counted(source: str, *arguments: Any, **named: Any) -> Any:
        found.append(source)
        return read(source, *arguments, **named)

    monkeypatch.setattr(bench.readings.windows, "read", counted)
    return found


@pytest.fixture
def drainer(bench: Bench, quiet: Quiet) -> Drainer:
    """It has judged 20 readings."""
    made = bench.drainer()
    bench.send(quiet(20))
    made.drain()
    return made


def one_more(bench: Bench, drainer: Drainer, rows: list[tuple[int, bytes]], at: int) -> None:
    bench.send([rows[at]])
    assert drainer.drain().tally.judged == 1


def test_the_next_reading_loads_no_window(
    bench: Bench, quiet: Quiet, drainer: Drainer, windows_read: list[str]
) -> None:
    rows = quiet(25)
    for at in range(20, 25):
        one_more(bench, drainer, rows, at)
    assert windows_read == []
    assert bench.judges.requests[-1][1] == 25, "the window is whole all the same"


def test_after_another_process_drained_the_window_is_loaded(
    bench: Bench, quiet: Quiet, drainer: Drainer, windows_read: list[str]
) -> None:
    rows = quiet(22)
    one_more(bench, bench.drainer("host-2"), rows, 20)
    windows_read.clear()
    one_more(bench, drainer, rows, 21)
    assert windows_read == ["well-1"]
    assert bench.judges.requests[-1][1] == 22


def test_after_a_late_reading_the_window_is_loaded(
    bench: Bench, quiet: Quiet, drainer: Drainer, windows_read: list[str]
) -> None:
    rows = quiet(30)
    one_more(bench, drainer, rows, 25)
    one_more(bench, drainer, rows, 22)
    windows_read.clear()
    one_more(bench, drainer, rows, 26)
    assert windows_read == ["well-1"]
    assert bench.judges.requests[-1][1] == 23


def test_after_a_failed_write_nothing_judged_ahead_is_built_upon(
    bench: Bench, quiet: Quiet, drainer: Drainer
) -> None:
    rows = quiet(22)
    bench.verdicts.broken = True
    bench.send([rows[20]])
    assert "well-1" in drainer.drain().failures
    bench.verdicts.broken = False
    bench.send([rows[21]])
    assert drainer.drain().tally.judged == 2
    assert bench.judges.requests[-1][1:] == (22, 1), "each in its own window, none twice"
    assert len(bench.verdicts.documents) == 22


def test_a_registry_that_changed_holds_from_the_next_reading_on(
    bench: Bench, quiet: Quiet, drainer: Drainer
) -> None:
    rows = quiet(21)
    registry = built_in_registry()
    tag = replace(registry.tags["SOIL_CO2_FLUX"], core=True)
    changed = type(registry)({**registry.tags, "SOIL_CO2_FLUX": tag})
    bench.readings.save_registry("well-1", changed)
    bench.send([rows[20]])
    assert drainer.drain().tally.refused == 1


def test_it_remembers_no_more_sources_than_it_should() -> None:
    states = KnownStates()
    state: Any = object()
    for number in range(MOST_SOURCES + 3):
        states.keep(f"well-{number}", state)
    lease = Lease("readings", "host", 7)
    states.drained(lease)
    following = replace(lease, token=8)
    assert states.of("well-2", following) is None
    assert states.of("well-3", following) is state
    assert states.of("well-3", replace(lease, token=9)) is None
