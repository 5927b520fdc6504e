"""Replay on the real parts: what is kept goes through the detectors again, and nothing changes unasked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomalyctl.cli import boundary
from anomalyctl.errors import InvalidInput, NotFound, Unreachable
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.replay import replay
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_readings import kept_readings
from anomalyctl.operations.replay_resuming import ReplayBookmark
from anomalyctl.operations.replay_spans import Span, span_of
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.drain import Drainer
from anomalyctl.project import Project
from anomalyctl.resilience.policies import DETECTORS
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading
from anomalyctl.triage.episodes import Episodes
from tests.support.cosmos_server import cosmos_server
from tests.support.detector_server import DetectorServer, detector_server

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(hours=2)
HOUR = Span(START, START + timedelta(hours=1))


@dataclass
class Parts:
    """The stores and detectors of one environment, as `Connections` has them."""

    readings: ReadingStore
    cosmos: str
    server: DetectorServer

    @cached_property
    def anomalies(self) -> AnomalyStore:
        return AnomalyStore(connect_cosmos(self.cosmos))

    @cached_property
    def detectors(self) -> DetectorClient:
        return DetectorClient(self.server.endpoint, self.server.token)


@pytest.fixture(scope="module")
def cosmos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server:
        AnomalyStore(connect_cosmos(server.connection_string)).create_if_missing()
        yield server.connection_string


@pytest.fixture(scope="module")
def server(valkey_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DetectorServer]:
    with detector_server(valkey_server.connection_string, tmp_path_factory.mktemp("detectors")) as running:
        yield running


@pytest.fixture
def parts(reading_store: ReadingStore, cosmos: str, server: DetectorServer) -> Parts:
    return Parts(reading_store, cosmos, server)


def _feed(parts: Parts, source: str, *, count: int = 60) -> None:
    """A plant with one pressure far too high at reading 30."""
    readings = list(simulate(built_in_registry(), seed=7, start=START, count=count, source=source).readings())
    readings[30] = replace(readings[30], values={**readings[30].values, "INJECTION_PRESSURE": 500.0})
    rows = [(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in readings]
    parts.readings.append(source, rows, origin="simulated")


def _judge(parts: Parts) -> None:
    drainer = Drainer(
        parts.readings,
        parts.anomalies,
        Episodes(parts.anomalies),
        parts.detectors,
        consumer="test",
        clock=lambda: NOW,
    )
    assert drainer.drain().failures == {}


def _connections(parts: Parts) -> Connections:
    return cast("Connections", parts)


def test_the_window_is_judged_again_and_nothing_is_written(parts: Parts) -> None:
    _feed(parts, "counted")
    result = replay(_connections(parts), HOUR, source="counted", now=NOW)
    [source] = result.sources
    assert (result.readings, source.from_window, result.written) == (60, 60, 0)
    assert result.normal + result.anomaly == 60
    assert {tier.tier: tier.normal + tier.anomaly for tier in source.tiers} == {
        "heuristic": 60,
        "statistical": 60,
        "ml": 60,
    }
    assert result.anomaly >= 1
    assert next(iter(source.first_tags)) == "INJECTION_PRESSURE"
    assert source.anomalies[0].timestamp == "2026-03-01T00:05:00.000000Z"
    assert list(parts.anomalies.verdicts("counted", HOUR.start, HOUR.end)) == []
    assert parts.readings.load_memory("counted") == {}


def test_the_same_model_gives_the_same_verdicts(parts: Parts) -> None:
    _feed(parts, "same")
    _judge(parts)
    [source] = replay(_connections(parts), HOUR, source="same", now=NOW).sources
    assert source.changed == 0


def test_what_has_left_the_window_is_read_beside_its_verdict(parts: Parts) -> None:
    _feed(parts, "older")
    _judge(parts)
    before = replay(_connections(parts), HOUR, source="older", now=NOW)
    parts.readings._client.delete("telemetry:window:older")
    after = replay(_connections(parts), HOUR, source="older", now=NOW)
    assert after.sources[0].from_window == 0
    assert (after.readings, after.anomaly) == (before.readings, before.anomaly)


def test_write_replaces_the_verdicts_and_counts_each_reading_once(parts: Parts) -> None:
    _feed(parts, "written")
    _judge(parts)
    model = parts.readings.load_model_version("written")
    memory = parts.readings.load_memory("written")
    kept = parts.anomalies.verdict(f"written:{epoch_ms(START) + 300_000}")
    result = replay(_connections(parts), HOUR, source="written", write=True, now=NOW + timedelta(hours=1))
    assert result.written == 60
    again = parts.anomalies.verdict(f"written:{epoch_ms(START) + 300_000}")
    assert kept is not None
    assert again is not None
    assert again["judged_at"] > kept["judged_at"]
    assert set(again["heuristic"]["results"]) == set(kept["heuristic"]["results"]), "normal tags are kept too"
    assert again["origin"] == "simulated"
    [episode] = [
        document
        for document in parts.anomalies.select_episodes("unresolved_anomalies", [], {})
        if document["source"] == "written"
    ]
    assert episode["occurrences"] == result.anomaly
    assert parts.readings.load_model_version("written") == model
    assert parts.readings.load_memory("written") == memory


def test_only_the_span_is_counted_however_it_is_cut(parts: Parts) -> None:
    _feed(parts, "cut")
    span = Span(START + timedelta(minutes=4), START + timedelta(minutes=6))
    [source] = replay(_connections(parts), span, source="cut", now=NOW).sources
    assert source.readings == 12
    assert source.anomalies[0].timestamp == "2026-03-01T00:05:00.000000Z"


def test_nothing_kept_is_said(parts: Parts) -> None:
    with pytest.raises(NotFound, match="nobody"):
        replay(_connections(parts), HOUR, source="nobody", now=NOW)


def test_a_replay_without_a_tier_is_refused(parts: Parts) -> None:
    _feed(parts, "down")
    gone = DetectorServer("http://127.0.0.1:1", "x" * 32)
    parts.__dict__["detectors"] = DetectorClient(
        gone.endpoint, gone.token, policy=replace(DETECTORS, attempts=1)
    )
    with pytest.raises(Unreachable):
        replay(_connections(parts), HOUR, source="down", now=NOW)


def test_the_span_is_said_in_one_way(parts: Parts) -> None:
    assert span_of(None, None, timedelta(hours=1), NOW).start == NOW - timedelta(hours=1)
    assert span_of(START, NOW, None, NOW) == Span(START, NOW)
    for start, end, last, field in (
        (None, None, None, "--from"),
        (START, None, timedelta(hours=1), "--last"),
        (NOW, START, None, "--to"),
    ):
        with pytest.raises(InvalidInput) as refused:
            span_of(start, end, last, NOW)
        assert refused.value.field == field


def test_beyond_the_window_nothing_is_judged_cold_and_no_source_is_left_out(
    parts: Parts, redis_client: Any
) -> None:
    _feed(parts, "old")
    _judge(parts)
    later = START + timedelta(minutes=6)
    in_window = kept_readings(_connections(parts), "old", later, HOUR.end)
    redis_client.delete("telemetry:window:old")
    beyond = kept_readings(_connections(parts), "old", later, HOUR.end)
    assert [each.reading for each in beyond.before] == [each.reading for each in in_window.before]
    assert len(beyond.before) == 36
    assert "old" in [each.source for each in replay(_connections(parts), HOUR, now=NOW).sources]


def test_a_wide_plants_span_is_judged_in_several_requests(parts: Parts, monkeypatch: Any) -> None:
    _feed(parts, "wide")
    whole = replay(_connections(parts), HOUR, now=NOW)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.MOST_BYTES", 700_000)
    assert replay(_connections(parts), HOUR, now=NOW).readings == whole.readings


def test_a_span_of_nothing_is_refused(parts: Parts) -> None:
    with pytest.raises(InvalidInput) as refused:
        span_of(None, None, timedelta(0), NOW)
    assert refused.value.field == "--last"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("times", "seconds"), [(1.0, 590.0), (10.0, 59.0), (None, 0.0)])
def test_readings_pass_at_the_speed_that_was_asked_for_with_the_same_verdicts(
    parts: Parts, times: float | None, seconds: float
) -> None:
    _feed(parts, "paced")
    clock = Clock()
    pace = Pace(times, clock=clock, sleep=clock.sleep)
    paced = replay(_connections(parts), HOUR, source="paced", now=NOW, pace=pace)
    assert clock.now == pytest.approx(seconds)
    assert paced == replay(_connections(parts), HOUR, source="paced", now=NOW)


def test_an_interrupted_replay_goes_on_where_it_was_and_is_forgotten_at_its_end(
    parts: Parts, tmp_path: Path
) -> None:
    _feed(parts, "halted")
    whole = replay(_connections(parts), HOUR, source="halted", now=NOW)
    path = tmp_path / "local" / "replay.json"
    clock = Clock()

    def stop_in_the_sixth_minute(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 320:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(
            _connections(parts),
            HOUR,
            source="halted",
            write=True,
            now=NOW,
            pace=Pace(1.0, clock=clock, sleep=stop_in_the_sixth_minute),
            bookmark=ReplayBookmark(path, HOUR, "halted", write=True),
        )
    assert path.stat().st_mode & 0o777 == 0o600
    kept = ReplayBookmark.opened(path)
    assert (kept.span, kept.source, kept.write) == (HOUR, "halted", True)
    assert kept.judged_until("halted") == epoch_ms(START) + 320_000
    assert (kept.judged_until("a-finished-one"), kept.judged_until("well-1")) == (None, -1)
    rest = replay(_connections(parts), kept.span, source=kept.source, write=True, now=NOW, bookmark=kept)
    assert (rest.readings, rest.written) == (27, 27)
    documents = list(parts.anomalies.verdicts("halted", HOUR.start, HOUR.end))
    assert len(documents) == 60
    assert sum(each["final_status"] == "anomaly" for each in documents) == whole.anomaly
    with pytest.raises(NotFound, match="interrupted"):
        ReplayBookmark.opened(path)


def test_the_command_keeps_its_place_beside_the_environments_state(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _feed(parts, "typed")
    parts.__dict__.update(
        project=Project(tmp_path, tmp_path / "state"), environment=SimpleNamespace(name="local")
    )
    monkeypatch.setattr("anomalyctl.operations.connections.connect", lambda name: parts)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the test runner keeps its own handlers
    path = tmp_path / "state" / "local" / "replay.json"
    assert boundary.run_command(["replay", "--resume"]) == NotFound.exit_code
    ReplayBookmark(path, HOUR, "typed", write=False).move("typed", epoch_ms(START) + 320_000)
    assert boundary.run_command(["replay", "--resume", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 27
    assert not path.exists()


def test_several_passes_are_under_way_at_once_and_counted_in_order(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    _feed(parts, "several")
    one_by_one = replay(_connections(parts), HOUR, source="several", now=NOW)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.WARM_UP", 0)
    monkeypatch.setattr("anomalyctl.operations.replay.MOST_READINGS", 10)
    judge_all, together, most = parts.detectors.judge_all, threading.Barrier(2, timeout=10), []
    running = [0]

    def slowly(*given: Any, **options: Any) -> Any:
        running[0] += 1
        most.append(running[0])
        with suppress(threading.BrokenBarrierError):
            together.wait()  # the first two go on only when both are under way
        together.abort()
        answers = judge_all(*given, **options)
        running[0] -= 1
        return answers

    monkeypatch.setattr(parts.detectors, "judge_all", slowly)
    told = replay(_connections(parts), HOUR, source="several", now=NOW)
    assert len(most) == 6
    assert 2 <= max(most) <= 4, "several, and not all"
    assert told.readings == one_by_one.readings == 60
    assert [each.timestamp for each in told.sources[0].anomalies] == sorted(
        each.timestamp for each in told.sources[0].anomalies
    )


def test_no_more_is_under_way_than_fits_into_one_request(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    _feed(parts, "heavy")
    monkeypatch.setattr("anomalyctl.operations.replay_passes.WARM_UP", 0)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.MOST_BYTES", 40_000)
    judge_all, running = parts.detectors.judge_all, [0]

    def counted(source: str, payloads: Any, *rest: Any, **options: Any) -> Any:
        running[0] += sum(map(len, payloads))
        assert running[0] <= 40_000
        answers = judge_all(source, payloads, *rest, **options)
        running[0] -= sum(map(len, payloads))
        return answers

    monkeypatch.setattr(parts.detectors, "judge_all", counted)
    assert replay(_connections(parts), HOUR, source="heavy", now=NOW).readings == 60


def test_an_interrupted_command_says_how_to_go_on(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _feed(parts, "pressed")
    parts.__dict__.update(
        project=Project(tmp_path, tmp_path / "state"), environment=SimpleNamespace(name="local")
    )
    monkeypatch.setattr("anomalyctl.operations.connections.connect", lambda name: parts)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def pressed(*given: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(parts.detectors, "judge_all", pressed)
        span = ["--from", "2026-03-01T00:00Z", "--to", "2026-03-01T01:00Z", "--source", "pressed"]
        assert boundary.run_command(["replay", *span, "--output", "json"]) == boundary.INTERRUPTED
    told = capsys.readouterr()
    assert (told.out, "anomalyctl replay --resume" in told.err) == ("", True)
    assert boundary.run_command(["replay", "--resume", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 60
