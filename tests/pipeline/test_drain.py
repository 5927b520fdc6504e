"""What becomes of readings: judged once each, in their own order, written before they are acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from anomalyctl.stores.readings.keys import READINGS, window_key
from tests.pipeline.conftest import START_MS, Bench

Rows = list[tuple[int, bytes]]
Quiet = Callable[..., Rows]


def _changed(row: tuple[int, bytes], **values: Any) -> tuple[int, bytes]:
    return row[0], orjson.dumps({**orjson.loads(row[1]), **values})


def test_every_queued_reading_gets_one_verdict_and_nothing_waits(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(150)
    bench.send(rows, origin="recorded")
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.failures) == (150, {})
    assert [document["id"] for document in bench.verdicts.in_order] == [f"well-1:{ms}" for ms, _ in rows]
    assert bench.episodes.recorded == [f"well-1:{ms}" for ms, _ in rows], "counted in order"
    assert bench.nothing_waits()
    assert bench.readings.newest_judged_ms("well-1") == rows[-1][0]


def test_a_document_has_the_specifications_keys_and_ours(bench: Bench, quiet: Quiet) -> None:
    [row] = quiet(1)
    bench.send([row], origin="simulated")
    bench.drainer().drain()
    [document] = bench.verdicts.in_order
    assert document["raw_data"] == orjson.loads(row[1])
    assert document["timestamp"] == "2026-03-01T00:00:00.000000Z"
    assert document["source_day"] == "well-1:2026-03-01"
    assert document["final_status"] == "normal"
    assert isinstance(document["overall_confidence"], float)
    assert {document[tier]["method"] for tier in ("heuristic", "statistical", "ml")} == {
        "heuristic",
        "statistical",
        "ml",
    }
    assert document["origin"] == "simulated"
    assert document["explanation"] == {
        "state": "warming-up",
        "model_version": None,
        "late": False,
        "tiers_missing": [],
        "trace_id": None,
        "severity": None,
        "tags": [],
        "shares": {},
    }


def test_readings_judged_one_by_one_get_the_verdicts_of_a_batch(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(70)
    rows[65] = _changed(rows[65], CO2_FLOW_RATE=1e6)
    bench.send(rows)
    bench.drainer().drain()
    in_batches = {key: _verdicts(document) for key, document in bench.verdicts.documents.items()}
    bench.redis.flushall()
    bench.verdicts.documents.clear()
    drainer = bench.drainer()
    for row in rows:
        bench.send([row])
        drainer.drain()
    one_by_one = {key: _verdicts(document) for key, document in bench.verdicts.documents.items()}
    assert one_by_one == in_batches
    assert bench.verdicts.documents[f"well-1:{rows[65][0]}"]["final_status"] == "anomaly"


def test_a_batch_that_arrives_out_of_order_is_judged_in_the_readings_own_order(
    bench: Bench, quiet: Quiet
) -> None:
    rows = quiet(20)
    overtaken = rows[7]
    bench.send([*rows[:7], *rows[8:15], overtaken, *rows[15:]])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.late) == (20, 1)
    assert bench.episodes.recorded == [f"well-1:{ms}" for ms, _ in rows]
    [late] = [document for document in bench.verdicts.in_order if document["explanation"]["late"]]
    assert late["id"] == f"well-1:{overtaken[0]}", "it is told that it came late"
    assert {late[tier]["explanation"]["late"] for tier in ("heuristic", "statistical", "ml")} == {True}
    assert set(bench.judges.requests) == {("heuristic", 20, 20), ("statistical", 20, 20), ("ml", 20, 20)}


def test_a_reading_sent_again_is_only_acknowledged(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(5)
    bench.send(rows)
    bench.drainer().drain()
    bench.send(rows[2:4])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.repeated) == (0, 2)
    assert bench.verdicts.writes == 5
    assert bench.readings.window("well-1", 0, rows[-1][0]) == rows
    assert bench.nothing_waits()


@pytest.mark.parametrize("apart", [False, True], ids=["in one batch", "in two batches"])
def test_of_two_payloads_at_one_millisecond_the_first_stays(bench: Bench, quiet: Quiet, apart: bool) -> None:
    rows = quiet(3)
    other = _changed(rows[1], CO2_FLOW_RATE=41.5)
    bench.send(rows)
    if apart:
        bench.drainer().drain()
    bench.send([other])
    bench.drainer().drain()
    assert bench.readings.window("well-1", 0, rows[-1][0]) == rows
    assert bench.verdicts.documents[f"well-1:{rows[1][0]}"]["raw_data"] == orjson.loads(rows[1][1])
    assert bench.nothing_waits()


def test_a_repeat_and_the_judged_payload_delivered_again_together_leave_the_judged_one(
    bench: Bench, quiet: Quiet
) -> None:
    rows = quiet(3)
    bench.send(rows)
    bench.drainer().drain()
    bench.send([_changed(rows[1], CO2_FLOW_RATE=41.5), rows[1]])
    bench.drainer().drain()
    assert bench.readings.window("well-1", 0, rows[-1][0]) == rows


def test_a_producer_that_only_queues_is_served_too(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(4)
    for _, payload in rows:
        bench.redis.xadd(READINGS, {"source": "well-1", "payload": payload})
    assert bench.drainer().drain().tally.judged == 4
    assert bench.readings.window("well-1", 0, rows[-1][0]) == rows
    assert 0 < bench.redis.ttl(window_key("well-1")) <= 86_400
    assert {document["origin"] for document in bench.verdicts.in_order} == {"live"}


def test_the_window_is_cut_at_24_hours_as_readings_are_accepted(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(2)
    later = (START_MS + 25 * 3_600_000, _changed(rows[0], timestamp="2026-03-02T01:00:00Z")[1])
    bench.send([*rows, later])
    assert bench.drainer().drain().tally.judged == 3
    assert bench.readings.window("well-1", 0, later[0]) == [later]


def test_sources_do_not_mix(bench: Bench, quiet: Quiet) -> None:
    for source in ("well-1", "well-2", "well-3"):
        bench.send(quiet(30, source=source), source=source)
    assert bench.drainer().drain().tally.judged == 90
    for source in ("well-1", "well-2", "well-3"):
        mine = [document for document in bench.verdicts.in_order if document["source"] == source]
        assert len(mine) == 30


def test_a_refused_reading_becomes_a_dead_letter_with_the_field_named(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(4)
    broken = orjson.loads(rows[1][1])
    del broken["INJECTION_PRESSURE"]
    rows[1] = rows[1][0], orjson.dumps(broken)
    rows[2] = rows[2][0], b'{"timestamp": "2026-03-01T00:00:20Z", "CO2_FLOW_RATE": NaN'
    bench.send(rows)
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.refused) == (2, 2)
    letters = {letter.field: letter for letter in bench.readings.dead_letters.newest()}
    assert set(letters) == {"INJECTION_PRESSURE", "payload"}
    assert letters["INJECTION_PRESSURE"].payload == rows[1][1].decode()
    assert {letter["field"] for letter in bench.verdicts.letters.values()} == set(letters)
    assert bench.readings.window("well-1", 0, rows[-1][0]) == [rows[0], rows[3]], "out of the window"
    assert bench.nothing_waits()


def test_an_impossible_source_becomes_a_dead_letter_too(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(1), source="Well 1/../x")
    assert bench.drainer().drain().tally.refused == 1
    [letter] = bench.readings.dead_letters.newest()
    assert letter.field == "source"
    assert bench.nothing_waits()
    assert bench.readings.sources() == []


def _verdicts(document: dict[str, Any]) -> dict[str, Any]:
    kept = {key: document[key] for key in ("heuristic", "statistical", "ml", "final_status", "explanation")}
    kept["ml"] = {key: value for key, value in kept["ml"].items() if key != "processing_time_ms"}
    return kept
