"""Measures beside figures worked out by hand and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyctl.detection.measures import (
    Counts,
    average_precision,
    count,
    delays,
    faults,
    volume_under_pr,
)

TRUTH = np.array([0, 0, 1, 1, 1, 0, 0, 1, 0, 0], dtype=bool)
ALARM = np.array([1, 0, 0, 1, 1, 1, 0, 0, 0, 0], dtype=bool)


def test_rates_are_skabs() -> None:
    counts = count(TRUTH, ALARM)
    assert counts == Counts(true_alarms=2, false_alarms=2, missed=2, quiet=4)
    assert (counts.f1, counts.false_alarm_rate, counts.missed_alarm_rate) == (0.5, 2 / 6, 2 / 4)


def test_one_alarm_in_a_fault_does_not_count_for_the_whole_of_it() -> None:
    truth = np.repeat([False, True, False], 100)
    alarm = np.zeros(300, dtype=bool)
    alarm[150] = True
    assert count(truth, alarm).f1 == pytest.approx(2 / 101)


def test_without_truth_or_alarm_there_is_no_rate() -> None:
    assert Counts().f1 is None
    assert Counts(quiet=3).missed_alarm_rate is None


def test_delay_is_from_a_faults_first_row_and_of_found_faults_only() -> None:
    assert faults(TRUTH) == [(2, 5), (7, 8)]
    assert delays(TRUTH, ALARM, 2000 * np.arange(10)) == [2.0]


def test_average_precision_equals_scikit_learns_also_with_ties() -> None:
    from sklearn.metrics import average_precision_score

    draw = np.random.default_rng(1)
    truth = draw.random(500) < 0.3
    scores = np.round(draw.standard_normal(500) + truth, 1)
    expected = average_precision_score(truth, scores)
    assert average_precision(truth, scores) == pytest.approx(expected, abs=1e-12)


def test_the_volume_without_buffer_is_the_area_over_250_thresholds() -> None:
    draw = np.random.default_rng(2)
    truth = np.zeros(250, dtype=bool)
    truth[100:150] = True
    scores = draw.standard_normal(250) + 2.0 * truth
    area = average_precision(truth, scores)
    assert volume_under_pr(truth, scores, window=0) == pytest.approx(area, abs=1e-9)


def test_the_volume_forgives_an_alarm_that_is_a_little_early() -> None:
    truth = np.zeros(600, dtype=bool)
    truth[300:400] = True
    on_time, early, far = (np.zeros(600) for _ in range(3))
    on_time[300:400], early[290:390], far[100:200] = 1.0, 1.0, 1.0
    volumes = [volume_under_pr(truth, scores) or 0.0 for scores in (on_time, early, far)]
    areas = [average_precision(truth, scores) or 0.0 for scores in (on_time, early, far)]
    assert volumes[0] > 0.99
    assert volumes[1] > areas[1]
    assert volumes[2] < 0.3


def test_a_random_score_gets_about_the_share_of_anomalies() -> None:
    truth = np.zeros(4_000, dtype=bool)
    truth[1_000:3_000] = True
    volume = volume_under_pr(truth, np.random.default_rng(3).standard_normal(4_000))
    assert volume == pytest.approx(0.5, abs=0.05)


def test_the_volume_of_two_faults_is_tsb_ads() -> None:
    """The figure that TSB-AD's own `RangeAUC_volume_opt` gives for these rows."""
    truth = np.zeros(400, dtype=bool)
    truth[100:130] = truth[150:200] = True
    scores = np.sin(np.arange(400) / 7.0) + 1.5 * truth
    assert volume_under_pr(truth, scores) == pytest.approx(TSB_AD, abs=1e-6)


TSB_AD = 0.846835
