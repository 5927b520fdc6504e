"""What fails and what then stays: nothing is acknowledged before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
import pytest

from anomalyctl.errors import Unreachable
from anomalyctl.pipeline.batches import BATCH
from anomalyctl.pipeline.drain import LEASE
from anomalyctl.stores.readings.keys import GROUP, READINGS
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from tests.pipeline.conftest import SMALL_PLANT, START_MS, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def test_one_tier_down_is_named_and_the_others_judge(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(10))
    bench.judges.down = {"ml"}
    assert bench.drainer().drain().tally.judged == 10
    document = bench.verdicts.in_order[-1]
    assert document["ml"] is None
    assert document["explanation"]["tiers_missing"] == ["ml"]
    assert set(bench.readings.load_memory("well-1")) == {"heuristic", "statistical"}
    assert bench.nothing_waits()


def test_a_tier_that_failed_keeps_its_old_memory(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(20)
    bench.send(rows[:10])
    bench.drainer().drain()
    before = bench.readings.load_memory("well-1")["ml"]
    bench.send(rows[10:])
    bench.judges.down = {"ml"}
    bench.drainer().drain()
    after = bench.readings.load_memory("well-1")
    assert after["ml"] == before
    assert after["heuristic"]["as_of"] == rows[-1][0]


def test_all_tiers_down_leaves_the_readings_pending_and_the_next_drain_judges_them(
    bench: Bench, quiet: Quiet
) -> None:
    rows = quiet(10)
    bench.send(rows)
    bench.judges.down = {"heuristic", "statistical", "ml"}
    drained = bench.drainer().drain()
    assert isinstance(drained.failures["well-1"], Unreachable)
    assert bench.verdicts.documents == {}
    assert bench.readings.backlog().pending == 10
    bench.judges.down = set()
    assert bench.drainer("host-2").drain().tally.judged == 10
    assert bench.nothing_waits()


def test_a_failing_source_does_not_stop_the_others_and_is_not_overtaken(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(1_000, source="well-2"), source="well-2")
    bench.send(quiet(5))
    bench.judges.before = lambda tier, body: httpx.Response(503) if body["source"] == "well-2" else None
    drained = bench.drainer().drain()
    assert set(drained.failures) == {"well-2"}
    assert [document["source"] for document in bench.verdicts.in_order] == ["well-1"] * 5
    bench.judges.before = lambda tier, body: None
    assert bench.drainer().drain().failures == {}
    judged = [document["id"] for document in bench.verdicts.in_order if document["source"] == "well-2"]
    assert len(judged) == 1_000
    assert not any(document["explanation"]["late"] for document in bench.verdicts.in_order)
    assert bench.nothing_waits()


def test_when_every_source_fails_the_queue_is_not_read_to_its_end(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(1_000))
    bench.judges.down = {"heuristic", "statistical", "ml"}
    bench.drainer().drain()
    assert bench.readings.backlog().queued == 1_000 - BATCH


def test_a_failed_write_acknowledges_nothing_and_moves_no_memory(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(100)
    bench.send(rows)
    bench.verdicts.broken = True
    assert set(bench.drainer().drain().failures) == {"well-1"}
    assert bench.readings.backlog().pending == 100
    assert bench.readings.load_memory("well-1") == {}
    bench.verdicts.broken = False
    bench.episodes.broken = True
    assert set(bench.drainer().drain().failures) == {"well-1"}
    assert bench.readings.backlog().pending == 100
    assert bench.readings.load_memory("well-1") == {}
    bench.episodes.broken = False
    assert bench.drainer().drain().tally.judged == 100
    assert len(bench.verdicts.documents) == 100
    assert bench.episodes.recorded == [f"well-1:{ms}" for ms, _ in rows]


def test_a_reading_that_no_detector_takes_becomes_a_dead_letter_and_the_others_are_judged(
    bench: Bench, quiet: Quiet
) -> None:
    rows = quiet(50)
    poison = rows[17][1]

    def refuse(tier: str, body: Mapping[str, Any]) -> httpx.Response | None:
        from anomalyctl.telemetry.times import epoch_ms, parse_time

        if any(epoch_ms(parse_time(reading["timestamp"])) == rows[17][0] for reading in body["readings"]):
            return httpx.Response(422, json={"detail": "cannot be judged", "field": "CO2_FLOW_RATE"})
        return None

    bench.judges.before = refuse
    bench.send(rows)
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.refused) == (49, 1)
    [letter] = bench.readings.dead_letters.newest()
    assert letter.payload == poison.decode()
    assert letter.field == "CO2_FLOW_RATE"
    assert "no detector" in letter.reason
    assert bench.nothing_waits()


@pytest.mark.parametrize("count", [1, 50])
def test_detectors_that_refuse_everything_are_at_fault_and_no_reading_is(
    bench: Bench, quiet: Quiet, count: int
) -> None:
    bench.judges.before = lambda tier, body: httpx.Response(422, json={"detail": "no"})
    bench.send(quiet(count))
    drained = bench.drainer().drain()
    assert "refuse whatever" in drained.failures["well-1"].message
    assert bench.readings.dead_letters.count() == 0
    bench.judges.before = lambda tier, body: None
    assert bench.drainer().drain().tally.judged == count


def test_the_first_reading_of_a_source_may_be_the_one_at_fault(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(5)
    bench.judges.before = lambda tier, body: (
        httpx.Response(422, json={"detail": "no"})
        if body["readings"][0]["timestamp"] == "2026-03-01T00:00:00.000000Z"
        else None
    )
    bench.send(rows)
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.refused, drained.failures) == (4, 1, {})


def test_large_readings_travel_with_a_shorter_window(bench: Bench) -> None:
    large = [
        (
            START_MS + 10_000 * row,
            orjson.dumps(
                {"timestamp": format_time(from_epoch_ms(START_MS + 10_000 * row))}
                | dict.fromkeys(SMALL_PLANT, 40.0)
                | {f"{'x' * 190}{number}": 1.0 for number in range(900)}
            ),
        )
        for row in range(25)
    ]
    sizes: list[int] = []
    bench.judges.before = lambda tier, body: sizes.append(len(orjson.dumps(body["readings"])))
    bench.send(large)
    assert bench.drainer().drain().tally.judged == 25
    assert max(sizes) < 4 * 1024 * 1024


def test_a_tier_that_answers_with_too_few_verdicts_counts_as_failed(bench: Bench, quiet: Quiet) -> None:
    bench.judges.before = lambda tier, body: (
        httpx.Response(200, json={"verdicts": [], "memory": {}}) if tier == "ml" else None
    )
    bench.send(quiet(3))
    bench.drainer().drain()
    assert bench.verdicts.in_order[0]["explanation"]["tiers_missing"] == ["ml"]


def test_a_dead_consumers_readings_are_taken_over_before_newer_ones(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(30)
    bench.send(rows[:10])
    bench.readings.queue.create_group()
    bench.readings.queue.read_new("dead-host", 10)
    bench.send(rows[10:])
    drained = bench.drainer("new-host").drain()
    assert (drained.tally.judged, drained.tally.late) == (30, 0)
    assert bench.nothing_waits()


def test_only_the_holder_of_the_lease_works(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(3))
    lease = bench.readings.leases.acquire(LEASE, "somebody", ttl_s=60)
    assert lease is not None
    assert bench.drainer().drain().standby
    assert bench.readings.backlog().queued == 3
    bench.readings.leases.release(lease)
    assert bench.drainer().drain().tally.judged == 3
    assert bench.readings.leases.holder(LEASE) is None, "given back at the end"


def test_a_drainer_that_lost_its_lease_writes_no_memory_and_acknowledges_nothing(
    bench: Bench, quiet: Quiet
) -> None:
    bench.send(quiet(10))

    def steal(tier: str, body: Mapping[str, Any]) -> None:
        held = bench.redis.get(f"pipeline:lease:{LEASE}")
        if held and b"thief" not in held:
            bench.redis.delete(f"pipeline:lease:{LEASE}")
            assert bench.readings.leases.acquire(LEASE, "thief", ttl_s=60)

    bench.judges.before = steal
    drained = bench.drainer().drain()
    assert "well-1" in drained.failures
    assert bench.readings.load_memory("well-1") == {}
    assert bench.readings.backlog().pending == 10


def test_stop_ends_the_drain_between_chunks_and_leaves_the_rest_pending(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(300))

    def stop_at_the_second_chunk(tier: str, body: Mapping[str, Any]) -> None:
        if len(body["readings"]) > 60:
            bench.stop.set()

    bench.judges.before = stop_at_the_second_chunk
    drained = bench.drainer().drain()
    assert drained.tally.judged == 120
    assert bench.readings.backlog().pending == 180
    assert bench.readings.leases.holder(LEASE) is None
    bench.judges.before = lambda tier, body: None
    bench.stop.clear()
    assert bench.drainer().drain().tally.judged == 180
    assert len(bench.verdicts.documents) == 300
    assert not any(document["explanation"]["late"] for document in bench.verdicts.in_order)


def test_a_bug_with_one_source_leaves_the_others_judged(
    bench: Bench, quiet: Quiet, caplog: pytest.LogCaptureFixture
) -> None:
    bench.send(quiet(3))
    bench.send(quiet(3, source="well-2"), source="well-2")
    bench.judges.before = lambda tier, body: (
        httpx.Response(200, json={"verdicts": [{}] * 3, "memory": {}}) if body["source"] == "well-2" else None
    )
    drained = bench.drainer().drain()
    assert drained.failures["well-2"].code == "internal_error"
    assert {document["source"] for document in bench.verdicts.in_order} == {"well-1"}
    assert bench.redis.xpending(READINGS, GROUP)["pending"] == 3
