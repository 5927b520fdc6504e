"""Replay on the real parts: what is kept goes through the detectors again, and nothing changes unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, NotFound, Unreachable
from anomalyctl.operations.replay import replay
from anomalyctl.operations.replay_readings import kept_readings
from anomalyctl.operations.replay_spans import Span, span_of
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.resilience.policies import DETECTORS
from anomalyctl.telemetry.times import epoch_ms
from tests.support.detector_server import DetectorServer
from tests.support.replay_parts import HOUR, NOW, START, Parts, connections, feed, judge


def test_the_window_is_judged_again_and_nothing_is_written(parts: Parts) -> None:
    feed(parts, "counted")
    result = replay(connections(parts), HOUR, source="counted", now=NOW)
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
    feed(parts, "same")
    judge(parts)
    [source] = replay(connections(parts), HOUR, source="same", now=NOW).sources
    assert source.changed == 0


def test_what_has_left_the_window_is_read_beside_its_verdict(parts: Parts) -> None:
    feed(parts, "older")
    judge(parts)
    before = replay(connections(parts), HOUR, source="older", now=NOW)
    parts.readings._client.delete("telemetry:window:older")
    after = replay(connections(parts), HOUR, source="older", now=NOW)
    assert after.sources[0].from_window == 0
    assert (after.readings, after.anomaly) == (before.readings, before.anomaly)


def test_write_replaces_the_verdicts_and_counts_each_reading_once(parts: Parts) -> None:
    feed(parts, "written")
    judge(parts)
    model = parts.readings.load_model_version("written")
    memory = parts.readings.load_memory("written")
    kept = parts.anomalies.verdict(f"written:{epoch_ms(START) + 300_000}")
    result = replay(connections(parts), HOUR, source="written", write=True, now=NOW + timedelta(hours=1))
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
    feed(parts, "cut")
    span = Span(START + timedelta(minutes=4), START + timedelta(minutes=6))
    [source] = replay(connections(parts), span, source="cut", now=NOW).sources
    assert source.readings == 12
    assert source.anomalies[0].timestamp == "2026-03-01T00:05:00.000000Z"


def test_nothing_kept_is_said(parts: Parts) -> None:
    with pytest.raises(NotFound, match="nobody"):
        replay(connections(parts), HOUR, source="nobody", now=NOW)


def test_a_replay_without_a_tier_is_refused(parts: Parts) -> None:
    feed(parts, "down")
    gone = DetectorServer("http://127.0.0.1:1", "x" * 32)
    parts.__dict__["detectors"] = DetectorClient(
        gone.endpoint, gone.token, policy=replace(DETECTORS, attempts=1)
    )
    with pytest.raises(Unreachable):
        replay(connections(parts), HOUR, source="down", now=NOW)


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
    feed(parts, "old")
    judge(parts)
    later = START + timedelta(minutes=6)
    in_window = kept_readings(connections(parts), "old", later, HOUR.end)
    redis_client.delete("telemetry:window:old")
    beyond = kept_readings(connections(parts), "old", later, HOUR.end)
    assert [each.reading for each in beyond.before] == [each.reading for each in in_window.before]
    assert len(beyond.before) == 36
    assert "old" in [each.source for each in replay(connections(parts), HOUR, now=NOW).sources]


def test_a_wide_plants_span_is_judged_in_several_requests(parts: Parts, monkeypatch: Any) -> None:
    feed(parts, "wide")
    whole = replay(connections(parts), HOUR, now=NOW)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.MOST_BYTES", 700_000)
    assert replay(connections(parts), HOUR, now=NOW).readings == whole.readings


def test_a_span_of_nothing_is_refused(parts: Parts) -> None:
    with pytest.raises(InvalidInput) as refused:
        span_of(None, None, timedelta(0), NOW)
    assert refused.value.field == "--last"
