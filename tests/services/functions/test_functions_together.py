"""The functions on the real parts: readings go in at one end, an episode comes out at the other."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.observability import figures as process_figures
from anomalyctl.pipeline import worker as wiring
from anomalyctl.stores.anomalies.schema import UNRESOLVED
from anomalyctl.stores.readings.keys import DOORBELL, queue_key
from anomalyctl.stores.readings.places import home_of
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading

process_readings = importlib.import_module("process_readings")
process_spread_readings = importlib.import_module("process_spread_readings")
sweep_readings = importlib.import_module("sweep_readings")
fit_model = importlib.import_module("fit_model")
update_dashboard_cache = importlib.import_module("update_dashboard_cache")
clean_up = importlib.import_module("clean_up")

TIMER: Any = None
RING = '{"Id": "1-0", "Values": {}}'


def _recent(count: int, source: str) -> list[Reading]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10 * count)
    return list(simulate(built_in_registry(), seed=7, start=start, count=count, source=source).readings())


def _send(worker: wiring.Worker, readings: list[Reading], source: str) -> None:
    rows = [(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in readings]
    worker.readings.append(source, rows, origin="simulated")


def test_a_ring_judges_what_is_queued_and_an_alarm_opens_an_episode(worker: wiring.Worker) -> None:
    readings = _recent(420, "ring")
    for index in range(400, 410):
        values = {**readings[index].values, "INJECTION_PRESSURE": 500.0}
        readings[index] = replace(readings[index], values=values)
    _send(worker, readings, "ring")
    process_readings.main(RING)
    assert worker.readings.backlog().queued == 0
    kept = list(worker.anomalies.verdicts("ring", readings[0].timestamp, datetime.now(UTC)))
    assert [document["id"] for document in kept] == [reading.id for reading in readings]
    assert kept[-1]["explanation"]["state"] == "judged", "the first model came at reading 360"
    [episode] = [
        document
        for document in worker.anomalies.select_episodes(UNRESOLVED, [], {})
        if document["source"] == "ring"
    ]
    assert episode["tags"][0] == "INJECTION_PRESSURE"
    update_dashboard_cache.main([])
    shown = worker.readings.dashboard.read("open_episodes")
    assert episode["anomaly_id"] in [each["anomaly_id"] for each in shown]
    assert worker.readings.dashboard.read("open_counts")["total"] >= 1
    assert worker.readings.dashboard.read("updated_at").endswith("Z")


def test_the_sweep_finishes_what_a_ring_left(worker: wiring.Worker) -> None:
    _send(worker, _recent(5, "swept"), "swept")
    worker.readings.queue.create_group()
    worker.readings.queue.read_new("a-host-that-died", 3)
    sweep_readings.main(TIMER)
    assert (worker.readings.backlog().queued, worker.readings.backlog().pending) == (0, 0)
    clean_up.main(TIMER)
    assert worker.readings.queue.queued() == (0, None)
    assert worker.readings.queue.remove_acknowledged() == 0, "nothing was left to remove"


def test_a_ring_for_an_entry_that_was_read_costs_nothing(worker: wiring.Worker) -> None:
    _send(worker, _recent(2, "rung"), "rung")
    process_readings.main(RING)
    assert worker.answer_ring(RING) is None
    assert worker.answer_ring("not JSON") is not None, "a ring is a ring"


def test_with_several_queues_a_ring_at_their_doorbell_judges_and_the_clean_up_sweeps_them_all(
    settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READING_QUEUES", "2")
    wiring._workers.clear()
    worker = wiring.worker()
    source = next(f"spread-{at}" for at in range(99) if home_of(f"spread-{at}", 2) == 1)
    readings = _recent(6, source)
    _send(worker, readings[:2], source)
    process_readings.main(RING)
    _send(worker, readings[2:], source)
    client = worker.readings._client
    assert client.xlen(queue_key(1)) == 4
    [*_, (ring, fields)] = client.xrange(DOORBELL)
    entry = orjson.dumps({"Id": ring.decode(), "Values": {"queue": fields[b"queue"].decode()}}).decode()
    assert worker.readings.backlog().queued == 4
    process_spread_readings.main(entry)
    assert (worker.readings.backlog().queued, worker.readings.backlog().pending) == (0, 0)
    clean_up.main(TIMER)
    assert client.xlen(queue_key(1)) == 0
    kept = list(worker.anomalies.verdicts(source, readings[0].timestamp, datetime.now(UTC)))
    assert [document["id"] for document in kept] == [reading.id for reading in readings]
    assert worker.answer_ring_elsewhere("not JSON") is not None, "a ring is a ring"
    wiring._workers.clear()


def test_the_daily_fit_refits(worker: wiring.Worker) -> None:
    readings = _recent(380, "fitted")
    _send(worker, readings, "fitted")
    sweep_readings.main(TIMER)
    before = worker.readings.load_model_version("fitted")
    fit_model.main(TIMER)
    after = worker.readings.load_model_version("fitted")
    assert before is not None
    assert after is not None
    assert after != before


def test_after_stop_nothing_new_is_begun(worker: wiring.Worker) -> None:
    _send(worker, _recent(2, "stopped"), "stopped")
    wiring.stop()
    sweep_readings.main(TIMER)
    assert worker.readings.backlog().queued == 2


def test_a_missing_setting_is_named_and_a_present_one_is_not_shown(
    settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FASTAPI_ENDPOINT")
    monkeypatch.setenv("REDIS_POOL_SIZE", "s3cret")
    wiring._workers.clear()
    with pytest.raises(InvalidInput) as refused:
        wiring.worker()
    assert "FASTAPI_ENDPOINT" in refused.value.message
    assert "REDIS_POOL_SIZE" in refused.value.message
    assert "s3cret" not in refused.value.message


def test_a_drain_that_cannot_be_done_is_not_swallowed(
    worker: wiring.Worker, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("Redis is away")

    monkeypatch.setattr(worker.drainer, "drain", broken)
    with pytest.raises(RuntimeError):
        process_readings.main(RING)
    assert "next sweep" in caplog.text


def test_documents_of_the_chain_survive_a_round_trip(worker: wiring.Worker) -> None:
    [reading] = _recent(1, "single")
    _send(worker, [reading], "single")
    process_readings.main(RING)
    document = worker.anomalies.verdict(reading.id)
    assert document is not None
    assert document["raw_data"] == orjson.loads(encode_reading(reading))
    assert document["ml"]["results"]["status"] == "Normal"


def test_the_figures_are_shown_before_any_function_was_called(
    settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_figures, "_offers", [])
    monkeypatch.setattr(wiring, "_workers", [])
    assert "queue_lag" not in process_figures.exposition()
    importlib.reload(process_readings)  # as a host does at its start
    importlib.reload(process_readings)
    shown = process_figures.exposition()
    for family in ("readings", "queue_lag_seconds", "dead_letters", "breaker_open"):
        assert shown.count(f"# TYPE {family} ") == 1, family


def test_settings_that_are_wrong_show_no_figures_and_break_nothing(
    settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_figures, "_offers", [])
    monkeypatch.setattr(wiring, "_workers", [])
    monkeypatch.delenv("FASTAPI_ENDPOINT")
    wiring.show_figures()
    assert process_figures.exposition().strip() == ""
