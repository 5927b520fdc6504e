"""Late readings: judged from their window, marked, and nothing else moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson

from anomalyctl.stores.readings.keys import READINGS
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def test_a_late_reading_is_judged_marked_late_and_leaves_the_memory_alone(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(100)
    late = rows.pop(50)
    bench.send(rows)
    bench.drainer().drain()
    memories = bench.readings.load_memory("well-1")
    bench.send([late])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.late) == (1, 1)
    document = bench.verdicts.documents[f"well-1:{late[0]}"]
    assert document["explanation"]["late"] is True
    assert document["raw_data"] == orjson.loads(late[1])
    assert bench.readings.load_memory("well-1") == memories
    assert bench.verdicts.writes == 100, "no other verdict was written again"
    assert bench.episodes.recorded[-1] == f"well-1:{late[0]}"
    assert bench.nothing_waits()


def test_a_late_reading_sees_what_came_before_it_and_nothing_after(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(100)
    late = rows.pop(50)
    bench.send(rows)
    bench.drainer().drain()
    seen: list[list[str]] = []
    bench.judges.before = lambda tier, body: seen.append([r["timestamp"] for r in body["readings"]])
    bench.send([late])
    bench.drainer().drain()
    own = orjson.loads(late[1])["timestamp"]
    for times in seen:
        assert times == sorted(times)
        assert times.index(own) == 50


def test_a_day_that_arrives_after_newer_readings_is_judged_in_few_calls(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(400)
    bench.send(rows[-1:])
    bench.drainer().drain()
    bench.judges.requests.clear()
    bench.send(rows[:-1])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.late) == (399, 399)
    assert len(bench.verdicts.documents) == 400
    assert len(bench.judges.requests) <= 3 * 10
    assert bench.nothing_waits()


def test_late_readings_that_were_only_queued_enter_the_window(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(10)
    bench.send(rows[:4] + rows[6:])
    bench.drainer().drain()
    for _, payload in rows[4:6]:
        bench.redis.xadd(READINGS, {"source": "well-1", "payload": payload})
    assert bench.drainer().drain().tally.late == 2
    assert bench.readings.window("well-1", 0, rows[-1][0]) == rows


def test_a_reading_older_than_the_window_is_judged_and_stays_out_of_it(bench: Bench, quiet: Quiet) -> None:
    [old, *rest] = quiet(2)
    newer = 90_000_000 + old[0]
    payload = orjson.dumps({**orjson.loads(rest[0][1]), "timestamp": "2026-03-02T01:00:00Z"})
    bench.send([(newer, payload)])
    bench.drainer().drain()
    bench.send([old])
    drained = bench.drainer().drain()
    assert drained.tally.late == 1
    assert [ms for ms, _ in bench.readings.window("well-1", 0, newer)] == [newer]


def test_a_reading_is_not_blamed_for_another_in_its_window(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(20)
    late = [rows.pop(9), rows.pop(8)][::-1]
    bench.send(rows)
    bench.drainer().drain()

    def refuse(tier: str, body: Mapping[str, Any]) -> httpx.Response | None:
        poison = orjson.loads(late[0][1])["timestamp"]
        there = any(reading["timestamp"] == poison for reading in body["readings"])
        return httpx.Response(422, json={"detail": "no"}) if there else None

    bench.judges.before = refuse
    bench.send(late)
    drained = bench.drainer().drain()
    assert (drained.tally.refused, drained.tally.late) == (1, 1)
    [letter] = bench.readings.dead_letters.newest()
    assert letter.payload == late[0][1].decode()
    assert f"well-1:{late[1][0]}" in bench.verdicts.documents
