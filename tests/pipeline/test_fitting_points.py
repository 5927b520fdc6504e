"""Models come in event time: at the 360th clean reading of a backfill as of a live source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest

from anomalyctl.errors import PreconditionFailed
from anomalyctl.pipeline.fitting import Fitter, LeftOut, spans_of
from tests.pipeline.conftest import NOW, START, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


def test_a_backfilled_source_gets_its_first_model_at_reading_360(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(400)
    bench.send(rows)
    drained = bench.drainer().drain()
    assert drained.tally.fitted == 1
    states = [document["explanation"]["state"] for document in bench.verdicts.in_order]
    assert states == ["warming-up"] * 360 + ["judged"] * 40
    version = bench.readings.load_model_version("well-1")
    assert version is not None
    assert version.endswith("-360")
    assert bench.verdicts.in_order[-1]["explanation"]["model_version"] == version
    assert bench.readings.models.rows("well-1") == 360


def test_it_makes_no_difference_how_many_arrive_at_once(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(400)
    for start in range(0, 400, 37):
        bench.send(rows[start : start + 37])
        bench.drainer().drain()
    states = [document["explanation"]["state"] for document in bench.verdicts.in_order]
    assert states == ["warming-up"] * 360 + ["judged"] * 40


def test_a_young_model_is_fitted_anew_as_the_window_fills(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(1_500))
    assert bench.drainer().drain().tally.fitted == 3
    assert bench.readings.models.rows("well-1") == 1_440
    assert len(bench.readings.models.previous("well-1")) == 2


def test_a_fault_does_not_train_nor_what_looks_normal_within_it(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(460)
    for index in (*range(100, 110), *range(140, 150)):
        values = {**orjson.loads(rows[index][1]), "INJECTION_PRESSURE": 1e5}
        rows[index] = rows[index][0], orjson.dumps(values)
    bench.send(rows)
    bench.drainer().drain()
    alarmed = sorted(bench.readings.windows.alarmed("well-1", 0, rows[-1][0]))
    assert {rows[index][0] for index in (*range(100, 110), *range(140, 150))} <= set(alarmed)
    [(first, last)] = spans_of(alarmed)
    states = [document["explanation"]["state"] for document in bench.verdicts.in_order]
    assert states.index("judged") == 360 + (last - first) // 10_000 + 1
    assert bench.readings.models.rows("well-1") == 360


def test_alarms_ten_minutes_apart_are_one_fault() -> None:
    minute = 60_000
    assert spans_of([]) == []
    assert spans_of([30 * minute, 0, 10 * minute]) == [(0, 10 * minute), (30 * minute, 30 * minute)]
    left_out = LeftOut(spans_of([0, 10 * minute, 30 * minute]), {5 * minute, 20 * minute})
    held = [each for each in range(-1, 32) if left_out.holds(each * minute)]
    assert held == [*range(11), 20, 30]
    assert left_out.times_outside_spans == [20 * minute]


def test_simulated_readings_never_train_where_that_is_forbidden(bench: Bench, quiet: Quiet) -> None:
    rows = quiet(800)
    bench.train_on_simulated = False
    bench.send(rows[:420], origin="simulated")
    assert bench.drainer().drain().tally.fitted == 0
    bench.send(rows[420:])
    assert bench.drainer().drain().tally.fitted == 1
    assert bench.readings.models.rows("well-1") == 360


def test_a_refused_fit_keeps_the_old_model_and_is_tried_again_with_a_tenth_more(
    bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import anomalyctl.detection.fitting as fitting

    offered: list[int] = []
    real = fitting.fit_model

    def refuse_twice(window, registry, **options):  # type: ignore[no-untyped-def]
        offered.append(len(window))
        if len(offered) <= 2:
            raise PreconditionFailed("the rows hold a fault")
        return real(window, registry, **options)

    monkeypatch.setattr(fitting, "fit_model", refuse_twice)
    rows = quiet(500)
    bench.send(rows[:380])
    bench.drainer().drain()
    assert bench.readings.load_model("well-1") is None
    bench.send(rows[380:])
    bench.drainer().drain()
    assert offered == [360, 397, 437]
    assert bench.readings.models.refused_rows("well-1") == 0, "forgotten with the next success"


def test_the_daily_fit_takes_every_source_that_has_enough(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(380))
    bench.send(quiet(20, source="well-2"), source="well-2")
    drainer = bench.drainer()
    drainer.drain()
    fits = drainer.fitter.fit_all()
    assert [(fit.source, fit.rows) for fit in fits] == [("well-1", 380)]
    assert bench.readings.load_model_version("well-1") == fits[0].version


def test_readings_that_wait_for_their_verdict_do_not_train(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(370))
    bench.drainer().drain()
    bench.send(quiet(30, start=START + timedelta(seconds=3_700)))
    fitter = Fitter(bench.readings, train_on_simulated=True, clock=lambda: NOW)
    assert [fit.rows for fit in fitter.fit_all()] == [370]
