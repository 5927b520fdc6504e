"""A clock that jumps: nothing is lost, and what came too early is judged when its time has come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import orjson

from anomalyctl.telemetry.times import format_time
from tests.pipeline.conftest import NOW, START, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def test_our_clock_jumps_back_and_the_readings_wait_as_letters(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(40)
    drainer = bench.drainer()
    bench.send(rows[:20])
    assert drainer.drain().tally.judged == 20
    drainer.keeper._clock = lambda: START + timedelta(seconds=100)
    drainer._clock = lambda: START + timedelta(seconds=100)
    bench.send(rows[20:])
    drained = drainer.drain()
    assert drained.tally.judged + drained.tally.refused == 20
    letters = list(bench.verdicts.letters.values())
    assert {letter["kind"] for letter in letters} == {"early"}
    assert {letter["next_try_at"] for letter in letters} == {format_time(START + timedelta(seconds=3_700))}
    assert len(bench.verdicts.documents) + len(letters) == 40
    assert bench.nothing_waits()
    for letter in letters:
        payload = letter["payload"].encode()
        bench.readings.queue.put_back("well-1", payload, origin="live", letter=letter["id"])
    assert bench.drainer().drain().tally.judged == len(letters)
    assert bench.verdicts.letters == {}
    assert len(bench.verdicts.documents) == 40


def test_our_clock_jumps_ahead_and_nothing_changes(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(20)
    drainer = bench.drainer()
    bench.send(rows[:10])
    drainer.drain()
    drainer._clock = lambda: NOW + timedelta(days=400)
    bench.send(rows[10:])
    assert drainer.drain().tally.judged == 10
    assert not any(document["explanation"]["late"] for document in bench.verdicts.in_order)
    assert bench.verdicts.letters == {}


def test_a_senders_clock_that_is_years_ahead_is_refused_for_good(bench: Bench, quiet: Quiet) -> None:
    [(ms, payload)] = quiet(1)
    wrong = {**orjson.loads(payload), "timestamp": format_time(NOW + timedelta(days=900))}
    bench.send([(ms, orjson.dumps(wrong))])
    bench.drainer().drain()
    [letter] = bench.verdicts.letters.values()
    assert (letter["kind"], letter["next_try_at"]) == ("refused", None)
