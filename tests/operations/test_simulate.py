"""`simulate` on a real Valkey, with a clock that moves only when somebody sleeps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest

from anomalyctl.environments import Environment
from anomalyctl.errors import InvalidInput, Protected, Transient
from anomalyctl.operations.feeding import check_protection
from anomalyctl.operations.simulate import Simulation
from anomalyctl.operations.simulation_labels import keep_labels, read_labels
from anomalyctl.operations.simulation_plan import parse_speed, plan_simulation
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.faults import parse_fault
from anomalyctl.telemetry.registry import parse_registry
from anomalyctl.telemetry.times import epoch_ms, parse_time

NOW = datetime(2026, 3, 1, 12, 0, 3, 250_000, tzinfo=UTC)
TEN_SECONDS = timedelta(seconds=10)


class ManualClock:
    """Time that passes in sleep alone; `delays` makes chosen sleeps (by number) longer than asked."""

    def __init__(self, delays: dict[int, float] | None = None, interrupt_at: int | None = None) -> None:
        self.now, self.slept = NOW, 0
        self.delays, self.interrupt_at = delays or {}, interrupt_at

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        if self.slept == self.interrupt_at:
            raise KeyboardInterrupt
        self.now += timedelta(seconds=seconds + self.delays.get(self.slept, 0.0))
        self.slept += 1


class Recorder:
    """A progress listener that keeps what it was told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.counts: list[int] = []

    def step(self, text: str) -> None: ...

    def done(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def advance(self, done: int, total: int, text: str) -> None:
        self.counts.append(done)


def queued(redis_client: Any) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in redis_client.xrange("telemetry:readings")]


def times(redis_client: Any) -> list[datetime]:
    return [parse_time(orjson.loads(entry[b"payload"])["timestamp"]) for entry in queued(redis_client)]


def run(store: ReadingStore, clock: ManualClock | None = None, **options: Any) -> Simulation:
    clock = clock or ManualClock()
    simulation = Simulation(store, plan_simulation(NOW, **options), clock=clock, sleep=clock.sleep)
    simulation.run()
    return simulation


def test_a_day_of_backfill_is_8640_readings_of_100_keys_that_end_in_the_past(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    summary = run(reading_store, backfill=timedelta(hours=24)).summary()
    assert summary.readings == 8640 == redis_client.xlen("telemetry:readings")
    assert redis_client.zcard("telemetry:window:well-1") == 8640
    assert summary.first == datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert summary.last is not None and NOW - TEN_SECONDS <= summary.last + TEN_SECONDS <= NOW
    entry = queued(redis_client)[0]
    assert entry[b"origin"] == b"simulated" and entry[b"source"] == b"well-1"
    assert 96 <= len(orjson.loads(entry[b"payload"])) <= 101


def test_the_same_seed_and_start_send_the_same_bytes_live_or_at_once(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    start = datetime(2026, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC)
    faults = (parse_fault("stuck:INJECTION_PRESSURE@1m+2m"), parse_fault("late:*@3mx2"))
    run(reading_store, start=start, backfill=timedelta(minutes=10), faults=faults)
    at_once = sorted(entry[b"payload"] for entry in queued(redis_client))
    redis_client.flushall()
    run(reading_store, start=start, rate=TEN_SECONDS, count=60, faults=faults)
    assert sorted(entry[b"payload"] for entry in queued(redis_client)) == at_once
    redis_client.flushall()
    run(reading_store, start=start, backfill=timedelta(minutes=10), faults=faults, seed=8)
    assert sorted(entry[b"payload"] for entry in queued(redis_client)) != at_once


def test_a_backfill_with_a_rate_goes_on_live_without_a_gap(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    run(reading_store, backfill=timedelta(minutes=5), rate=TEN_SECONDS, count=4)
    sent = times(redis_client)
    assert len(sent) == 34
    assert {b - a for a, b in pairwise(sent)} == {TEN_SECONDS}


def test_the_schedule_is_absolute_so_slow_sends_do_not_add_up(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    clock = ManualClock(delays=dict.fromkeys(range(0, 40, 2), 3.0))
    run(reading_store, clock, rate=TEN_SECONDS, count=40)
    assert clock.now - NOW <= 39 * TEN_SECONDS + timedelta(seconds=3)


def test_missed_ticks_are_counted_reported_and_their_readings_sent(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    clock, heard = ManualClock(delays={3: 34.0}), Recorder()
    simulation = Simulation(
        reading_store,
        plan_simulation(NOW, rate=TEN_SECONDS, count=20),
        clock=clock,
        sleep=clock.sleep,
        progress=heard,
    )
    simulation.run()
    assert simulation.summary().missed_ticks == 3
    assert simulation.summary().readings == 20
    assert any("3 ticks were missed" in text for text in heard.warnings)


@pytest.mark.parametrize("speed", [1.0, 2.5, 60.0, 5000.0])
def test_no_reading_is_ever_ahead_of_the_clock(
    reading_store: ReadingStore, monkeypatch: pytest.MonkeyPatch, speed: float
) -> None:
    clock, ahead, arrived = ManualClock(), [], []
    append = ReadingStore.append

    def watching(store: ReadingStore, source: str, payloads: Any, *, origin: Any) -> int:
        ahead.extend(ms - epoch_ms(clock.now) for ms, _ in payloads)
        arrived.append(len(payloads))
        return append(store, source, payloads, origin=origin)

    monkeypatch.setattr(ReadingStore, "append", watching)
    simulation = run(reading_store, clock, speed=speed, duration=timedelta(minutes=20), rate=TEN_SECONDS)
    assert max(ahead) <= 0
    assert simulation.summary().readings == 120
    assert simulation.summary().missed_ticks == 0
    assert (clock.now - NOW).total_seconds() == pytest.approx(1190 / speed, abs=0.1 + 10 / speed)


def test_an_endless_run_with_speed_catches_up_and_then_keeps_pace(reading_store: ReadingStore) -> None:
    clock = ManualClock(interrupt_at=2_200)
    simulation = Simulation(
        reading_store,
        plan_simulation(NOW, rate=timedelta(minutes=1), speed=3600.0),
        clock=clock,
        sleep=clock.sleep,
    )
    with pytest.raises(KeyboardInterrupt):
        simulation.run()
    summary = simulation.summary()
    assert summary.last is not None and timedelta(0) <= clock.now - summary.last < timedelta(minutes=2)
    assert clock.now - NOW > timedelta(minutes=5)


def test_ctrl_c_leaves_a_summary_of_what_was_sent_and_of_the_faults_that_had_begun(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    clock = ManualClock(interrupt_at=5)
    faults = (parse_fault("drift:INJECTION_PRESSURE@20s+1h"), parse_fault("spike:CO2_FLOW_RATE@30m"))
    simulation = Simulation(
        reading_store,
        plan_simulation(NOW, rate=TEN_SECONDS, faults=faults),
        clock=clock,
        sleep=clock.sleep,
    )
    with pytest.raises(KeyboardInterrupt):
        simulation.run()
    document = simulation.summary().as_document()
    assert document["interrupted"] is True
    assert document["readings"] == redis_client.xlen("telemetry:readings") == 6
    assert [fault["kind"] for fault in document["faults"]] == ["drift"]
    assert document["faults"][0]["to"] == document["to"]


def test_a_late_reading_arrives_after_those_that_overtake_it_with_its_own_time(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    run(reading_store, backfill=timedelta(minutes=5), faults=(parse_fault("late:*@1mx3"),))
    sent = times(redis_client)
    assert len(sent) == 30
    assert sent.index(min(sent) + timedelta(minutes=1)) == 9
    assert sorted(sent) != sent


def test_a_late_reading_at_the_very_end_is_not_lost(reading_store: ReadingStore, redis_client: Any) -> None:
    summary = run(
        reading_store, backfill=timedelta(minutes=5), faults=(parse_fault("late:*@290sx60"),)
    ).summary()
    assert summary.readings == 30 == redis_client.xlen("telemetry:readings")


def test_a_source_with_its_own_tags_is_simulated_with_them(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    own = parse_registry({"tags": {"FLOW": {"limits": {"low": 1.0, "high": 3.0}}, "LEVEL": {}}})
    reading_store.save_registry("loop", own)
    run(reading_store, source="loop", backfill=timedelta(minutes=1))
    payload = orjson.loads(queued(redis_client)[0][b"payload"])
    assert list(payload) == ["timestamp", "FLOW", "LEVEL"]
    assert 1 < payload["FLOW"] < 3


def test_a_fault_on_an_unknown_tag_is_refused_before_anything_is_sent(
    reading_store: ReadingStore, redis_client: Any
) -> None:
    with pytest.raises(InvalidInput) as refused:
        run(reading_store, backfill=timedelta(minutes=5), faults=(parse_fault("spike:INJECTION_PRESURE@1m"),))
    assert "INJECTION_PRESSURE" in refused.value.hint
    assert redis_client.xlen("telemetry:readings") == 0


def test_older_readings_of_the_source_are_pointed_out(reading_store: ReadingStore) -> None:
    run(reading_store, backfill=timedelta(minutes=5))
    clock, heard = ManualClock(), Recorder()
    plan = plan_simulation(NOW, backfill=timedelta(minutes=2))
    Simulation(reading_store, plan, clock=clock, sleep=clock.sleep, progress=heard).run()
    assert "late, or as a repeat" in heard.warnings[0]


def test_a_store_that_fails_for_a_moment_costs_nothing(
    reading_store: ReadingStore, redis_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures, append = iter([True, True]), reading_store.append

    def failing(source: str, payloads: Any, *, origin: Any) -> int:
        if next(failures, False):
            raise Transient("Redis is still loading its data.")
        return append(source, payloads, origin=origin)

    monkeypatch.setattr(reading_store, "append", failing)
    assert run(reading_store, rate=TEN_SECONDS, count=5).summary().readings == 5
    assert redis_client.xlen("telemetry:readings") == 5


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"count": 5, "duration": TEN_SECONDS}, "count"),
        ({"count": 0}, "count"),
        ({"duration": timedelta(seconds=5)}, "duration"),
        ({"backfill": timedelta(seconds=1)}, "backfill"),
        ({"start": NOW + timedelta(hours=1)}, "start"),
        ({"start": NOW - timedelta(hours=1), "backfill": timedelta(hours=2)}, "backfill"),
        ({"rate": timedelta(0)}, "rate"),
        ({"speed": 0.0}, "speed"),
        ({"source": "Well 1"}, "source"),
        ({"backfill": timedelta(minutes=5), "faults": (parse_fault("spike:CO2_FLOW_RATE@1h"),)}, "fault"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_option_named(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_simulation(NOW, **options)
    assert refused.value.field == field


def test_speed_reads_with_and_without_its_x() -> None:
    assert parse_speed("60x") == parse_speed("60") == 60.0
    for text in ("fast", "-1x", "nan", "infx", "0"):
        with pytest.raises(InvalidInput):
            parse_speed(text)


def test_a_protected_environment_needs_its_own_name() -> None:
    prod = Environment("prod", "azure", protected=True, summary="")
    with pytest.raises(Protected) as refused:
        check_protection(prod, None)
    assert refused.value.exit_code == 9 and "--confirm prod" in refused.value.hint
    with pytest.raises(InvalidInput):
        check_protection(prod, "stage")
    check_protection(prod, "prod")
    check_protection(Environment("local", "local", protected=False, summary=""), None)


def test_labels_are_kept_one_line_a_run_and_private(tmp_path: Any) -> None:
    state = tmp_path / ".anomalyctl"
    for readings in (1, 2):
        path = keep_labels(state, "local", {"readings": readings, "faults": []}, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as file:
        file.write(b'{"cut off')
    assert [run["readings"] for run in read_labels(state, "local")] == [1, 2]
