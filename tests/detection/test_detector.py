"""The detector over arrays: what it promises to whoever brings their own data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from anomalyctl.detection.detector import Detector
from anomalyctl.detection.window import Matrix, Window
from anomalyctl.errors import InvalidInput, PreconditionFailed

Plant = Callable[..., Window]


@pytest.fixture(scope="module")
def rows(plant: Plant) -> Matrix:
    """1,400 rows of 8 tags; a shift of 4 standard deviations on tag 3 from row 1,000 to 1,199."""
    values = plant(1400, 8).values
    values[1000:1200, 3] += 4.0 * values[:, 3].std()
    return values


@pytest.mark.parametrize("limit", ["operations", "benchmark"])
def test_row_by_row_and_all_at_once_give_identical_results(rows: Matrix, limit: str) -> None:
    detector = Detector.fit(rows[:600])
    vectorised = detector.scores(rows[600:], limit=limit)  # type: ignore[arg-type]
    follower = detector.follow(limit)  # type: ignore[arg-type]
    singly = [follower.score(row) for row in rows[600:]]
    assert np.array_equal(vectorised.score, [each.score for each in singly])
    assert np.array_equal(vectorised.alarm, [each.alarm for each in singly])
    assert vectorised.tag == tuple(each.tag for each in singly)


def test_what_comes_later_changes_no_earlier_score(rows: Matrix) -> None:
    detector = Detector.fit(rows[:600])
    whole = detector.scores(rows[600:])
    part = detector.scores(rows[600:900])
    assert np.array_equal(whole.score[:300], part.score)


@pytest.mark.parametrize("limit", ["operations", "benchmark"])
def test_a_shift_is_found_on_its_tag_and_quiet_rows_are_quiet(rows: Matrix, limit: str) -> None:
    scores = Detector.fit(rows[:600]).scores(rows[600:], limit=limit)  # type: ignore[arg-type]
    assert scores.alarm[:400].mean() < 0.01
    assert scores.alarm[420:590].all()
    blamed = [tag for tag in scores.tag[400:600] if tag is not None]
    assert blamed.count("tag-3") > 0.9 * len(blamed)


def test_an_alarm_is_held_for_fifteen_rows(rows: Matrix) -> None:
    scores = Detector.fit(rows[:600]).scores(rows[600:])
    last = int(np.flatnonzero(scores.score >= 3.0)[-1])
    assert scores.alarm[last : last + 15].all()
    assert not scores.alarm[last + 15]


def test_a_column_that_is_constant_in_the_fit_rows_is_not_scored(rows: Matrix) -> None:
    given = rows.copy()
    given[:600, 5] = 7.0
    detector = Detector.fit(given[:600], tags=[f"T{at}" for at in range(8)])
    assert "T5" not in detector.scored
    moved = given[600:].copy()
    moved[:, 5] = 1e6
    assert np.array_equal(detector.scores(given[600:]).score, detector.scores(moved).score)


def test_missing_values_neither_break_nor_alarm(rows: Matrix) -> None:
    given = rows[:1000].copy()
    given[np.random.default_rng(4).random(given.shape) < 0.05] = np.nan
    given[700:760, 2] = np.nan
    scores = Detector.fit(given[:600]).scores(given[600:])
    assert np.isfinite(scores.score).all()
    assert scores.alarm.mean() < 0.02


def test_52_tags_with_500_fit_rows_are_quiet_and_find_a_fault(slow_plant: Matrix) -> None:
    """As in the Tennessee Eastman process: few rows, many tags, a reading every three minutes."""
    quiet = Detector.fit(slow_plant[:500], interval_s=180.0).scores(slow_plant[500:])
    assert quiet.alarm.mean() < 0.01
    faulty = slow_plant[500:].copy()
    faulty[160:, :4] += 3.0 * slow_plant[:500, :4].std(axis=0)
    found = Detector.fit(slow_plant[:500], interval_s=180.0).scores(faulty)
    assert found.alarm[:160].mean() < 0.01
    assert found.alarm[180:].mean() > 0.9, "a lasting fault must not be learnt away in a day"


def test_a_daily_cycle_is_no_fault(plant: Plant) -> None:
    """Two days, a reading a minute; the model has seen one."""
    noise = plant(2880, 6).values
    cycle = np.sin(2.0 * np.pi * np.arange(2880) / 1440.0)[:, None] * np.linspace(2.0, 8.0, 6)
    values = noise + cycle * noise.std(axis=0)
    scores = Detector.fit(values[:1440], interval_s=60.0).scores(values[1440:])
    assert scores.alarm.mean() < 0.01


def test_tags_that_change_rarely_do_not_disturb_the_fast_ones(plant: Plant) -> None:
    values = plant(2400, 8).values
    for column in (1, 4):
        values[:, column] = np.repeat(values[::120, column], 120)
    detector = Detector.fit(values[:1600], tags=[f"T{at}" for at in range(8)])
    assert set(detector.scored) == {"T0", "T2", "T3", "T5", "T6", "T7"}
    assert detector.scores(values[1600:]).alarm.mean() < 0.01


def test_after_a_pause_it_settles_instead_of_alarming(plant: Plant) -> None:
    values = plant(1500, 6).values
    values[900:] += 3.0 * values.std(axis=0)
    times = 1000 * np.arange(1500)
    times[900:] += 6 * 3_600_000
    detector = Detector.fit(values[:600], times_ms=times[:600])
    scores = detector.scores(values[600:], times_ms=times[600:])
    assert scores.alarm[300:].mean() < 0.02


@pytest.mark.parametrize("first", [150, 500])
def test_a_fault_within_the_fit_rows_hides_no_later_one(plant: Plant, first: int) -> None:
    values = plant(1400, 8).values
    size = 6.0 * values[:, 2].std()
    values[first : first + 30, 2] += size
    detector = Detector.fit(values[:600])
    values[1000:1100, 2] += size
    scores = detector.scores(values[600:])
    assert scores.alarm[:400].mean() < 0.01
    assert scores.alarm[410:495].all()


def test_one_tag_alone_can_be_watched(plant: Plant) -> None:
    values = plant(900, 1).values
    values[700:740] += 8.0 * values.std()
    scores = Detector.fit(values[:600], tags=["flow"]).scores(values[600:])
    assert scores.alarm[100:140].any()
    assert scores.alarm[:100].mean() < 0.02


def test_too_few_rows_and_wrong_shapes_are_refused(plant: Plant) -> None:
    with pytest.raises(PreconditionFailed, match="120"):
        Detector.fit(plant(119, 3).values)
    with pytest.raises(InvalidInput, match="array of rows and tags"):
        Detector.fit(np.zeros(500))


@pytest.fixture(scope="module")
def slow_plant() -> Matrix:
    """1,460 rows of 52 tags under control: slow drivers, loops that return, noise."""
    draw = np.random.default_rng(11)
    count, drivers = 1460, 12
    pull, own_pull = draw.uniform(0.5, 0.95, drivers), draw.uniform(0.0, 0.9, 52)
    shared, own = np.zeros((count, drivers)), np.zeros((count, 52))
    for at in range(1, count):
        shared[at] = pull * shared[at - 1] + np.sqrt(1 - pull**2) * draw.standard_normal(drivers)
        own[at] = own_pull * own[at - 1] + np.sqrt(1 - own_pull**2) * draw.standard_normal(52)
    mixing = draw.standard_normal((drivers, 52)) * (draw.random((drivers, 52)) < 0.3)
    noisy = shared @ mixing + own + 0.2 * draw.standard_normal((count, 52))
    return noisy * draw.uniform(0.1, 50.0, 52)


def test_a_fault_of_a_tag_that_is_often_missing_is_found(rows: Matrix) -> None:
    """Too often for the models of all tags together: its own past alone can tell."""
    gappy = rows.copy()
    gappy[::6, 2] = np.nan
    gappy[700:740, 2] += 12.0 * np.nanstd(rows[:400, 2])
    scores = Detector.fit(gappy[:400]).scores(gappy[400:])
    assert scores.alarm[300:340].all()
    assert scores.tag[300] == "tag-2"
    assert scores.alarm[:290].mean() < 0.05
