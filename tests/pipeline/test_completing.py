"""A tier that was down completes the verdicts that it missed."""

from __future__ import annotations

from collections.abc import Callable

from anomalyctl.pipeline.completing import complete
from anomalyctl.pipeline.drain import Drainer
from tests.pipeline.conftest import NOW, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def completed(drainer: Drainer) -> int:
    return complete(
        drainer.readings, drainer.detectors, drainer.keeper, clock=lambda: NOW, stopped=lambda: False
    )


def test_verdicts_without_a_tier_are_completed_when_it_is_back(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(150)
    bench.send(rows[:100])
    bench.judges.down = {"ml"}
    bench.drainer().drain()
    lacking = [document for document in bench.verdicts.in_order if document["ml"] is None]
    assert len(lacking) == 100
    assert completed(bench.drainer()) == 0, "still down"
    bench.judges.down = set()
    bench.send(rows[100:])
    assert bench.drainer().drain().tally.judged == 50
    documents = bench.verdicts.in_order
    assert [document["explanation"]["tiers_missing"] for document in documents] == [[]] * 150
    assert all(document["ml"]["results"]["status"] == "Normal" for document in documents)
    assert documents[0]["explanation"]["completed"] == ["ml"]
    assert "completed" not in documents[-1]["explanation"]
    assert not any(document["explanation"]["late"] for document in documents)
    assert bench.readings.windows.incomplete("well-1", 10) == []
    assert bench.readings.load_memory("well-1")["heuristic"]["as_of"] == rows[-1][0]


def test_an_alarm_found_late_is_counted_also_by_whoever_goes_on_after_a_death(
    bench: Bench, quiet: Quiet
) -> None:
    bench.send(quiet(3))
    bench.judges.down = {"ml"}
    bench.drainer().drain()
    bench.judges.down, bench.episodes.recorded = set(), []
    bench.episodes.broken = True
    assert completed(bench.drainer()) == 0
    bench.episodes.broken = False
    assert completed(bench.drainer()) == 3, "no verdict says that it lacks nothing before it is counted"
    assert len(bench.episodes.recorded) == 3


def test_what_the_other_tiers_said_stays_and_an_alarm_found_late_is_counted(
    bench: Bench, quiet: Quiet
) -> None:
    import orjson

    rows = quiet(40)
    values = orjson.loads(rows[30][1]) | {"INJECTION_PRESSURE": 900.0}
    rows[30] = rows[30][0], orjson.dumps(values)
    bench.send(rows)
    bench.judges.down = {"heuristic"}
    bench.drainer().drain()
    before = bench.verdicts.documents[f"well-1:{rows[30][0]}"]
    assert before["heuristic"] is None
    bench.judges.down = set()
    assert completed(bench.drainer()) == 40
    after = bench.verdicts.documents[f"well-1:{rows[30][0]}"]
    assert after["heuristic"]["results"]["INJECTION_PRESSURE"]["status"] == "Anomaly"
    assert after["statistical"] == before["statistical"]
    assert after["judged_at"] == before["judged_at"]
    assert after["final_status"] == "anomaly"
    assert bench.episodes.recorded[-40:] == [f"well-1:{ms}" for ms, _ in rows]
    assert rows[30][0] in bench.readings.windows.alarmed("well-1", 0, rows[-1][0])
    assert completed(bench.drainer()) == 0


def test_what_has_left_the_window_is_forgotten(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(5)
    bench.send(rows)
    bench.judges.down = {"ml"}
    bench.drainer().drain()
    bench.judges.down = set()
    bench.readings.windows.remove("well-1", [payload for _, payload in rows])
    assert completed(bench.drainer()) == 0
    assert bench.readings.windows.incomplete("well-1", 10) == []
