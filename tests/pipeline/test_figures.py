"""What the pipeline tells of itself, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import Transient
from anomalyctl.observability import figures as process_figures
from anomalyctl.observability.figures import Figure, exposition, offer
from anomalyctl.observability.names import Name
from anomalyctl.pipeline.figures import PipelineFigures
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import Policy
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def now() -> datetime:
    return datetime.now(UTC)


def test_outcomes_latency_lag_and_breakers_are_told(
    bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_figures, "_offers", [])
    drainer = bench.drainer()
    bench.send([*quiet(5), (1, b"{")])
    drainer.drain()
    bench.send(quiet(2, source="well-2"), source="well-2")
    guard = Guard(Policy("ml detector", timeout_s=1, attempts=1, breaker_failures=1))

    def down() -> None:
        raise Transient("down")

    with pytest.raises(Transient):
        guard.call(down)
    offer(lambda: drainer.figures.figures(bench.readings, {"ml detector": guard}, now))
    told = exposition()
    assert 'readings{outcome="judged"} 5' in told
    assert 'readings{outcome="refused"} 1' in told
    assert 'verdict_latency_seconds{quantile="0.99"}' in told
    assert "verdict_latency_seconds_count 5" in told
    assert 'queue_lag_readings{state="queued"} 2' in told
    assert "queue_lag_seconds" in told
    assert "seconds_since_reading" in told
    assert 'breaker_open{name="ml detector"} 1' in told
    assert "# TYPE breaker_open gauge" in told


def test_with_redis_away_the_rest_is_told() -> None:
    away = ReadingStore(connect_redis("127.0.0.1:1,ssl=False"))
    names = {figure.name for figure in PipelineFigures().figures(away, {}, now)}
    assert "readings" in names
    assert "queue_lag_seconds" not in names


def test_latency_is_the_time_since_the_arrival() -> None:
    figures = PipelineFigures()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    arrived = int(at.timestamp() * 1000)
    figures.stored([arrived - 1000 * n for n in range(1, 101)], at)
    assert figures.quantiles() == {0.5: 51.0, 0.9: 91.0, 0.99: 100.0}


def test_labels_are_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_figures, "_offers", [])
    offer(lambda: [Figure(Name("x", "gauge", "X."), [({"name": 'a"b\\c\nd'}, 1.0)])])
    assert 'x{name="a\\"b\\\\c\\nd"} 1' in exposition()


def test_dead_letters_are_told_from_the_start_and_with_each_change(bench: Bench, quiet: Quiet) -> None:
    drainer = bench.drainer()

    def told() -> float:
        return _value(drainer.figures, bench, "dead_letters")

    assert told() == 0
    bench.send([(1, b"{")])
    drainer.drain()
    assert told() == 1
    [(_, payload)] = quiet(1)
    [letter] = bench.verdicts.letters.values()
    letter["payload"] = payload.decode()  # as if it had been that reading
    bench.readings.queue.put_back("well-1", payload, origin="live", letter=letter["id"])
    drainer.drain()
    assert told() == 0
    drainer.figures.count_letters(7)
    assert told() == 7


def test_silence_is_told_where_no_reading_ever_came(bench: Bench) -> None:
    figures = PipelineFigures()
    began = now()
    first = {figure.name: figure for figure in figures.figures(bench.readings, {}, lambda: began)}
    assert first["seconds_since_reading"].values == [({}, 0.0)]
    later = figures.figures(bench.readings, {}, lambda: began + timedelta(minutes=20))
    assert {figure.name: figure for figure in later}["seconds_since_reading"].values == [({}, 1200.0)]


def _value(figures: PipelineFigures, bench: Bench, name: str) -> float:
    [figure] = [each for each in figures.figures(bench.readings, {}, now) if each.name == name]
    return figure.values[0][1]
