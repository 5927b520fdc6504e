from __future__ import annotations

import numpy as np
import pytest

from anomalyctl.detection.calibration import ALARM, REACH, calibrate

ONE = np.ones(1)


def normal_maxima(rows: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.abs(np.random.default_rng(seed).standard_normal((rows, 70))).max(axis=1)[:, None]


def test_u_is_0_at_the_median_1_at_the_99_percent_point_and_3_at_the_limit() -> None:
    later = normal_maxima(2_000, 1)
    limits = calibrate(normal_maxima(6_000), later, 6.0 * ONE, ONE)
    assert limits.u(np.median(later, axis=0)[None])[0, 0] == pytest.approx(0.0, abs=1e-2)
    assert limits.u(np.quantile(later, 0.99, axis=0)[None])[0, 0] == pytest.approx(1.0, abs=1e-2)
    assert limits.u(np.array([[limits.alarm_value(0)]]))[0, 0] == pytest.approx(ALARM)


def test_of_ten_days_of_clean_rows_a_handful_at_most_passes_the_limit() -> None:
    limits = calibrate(normal_maxima(6_000), normal_maxima(2_000, 1), 1.0 * ONE, ONE)
    assert (limits.u(normal_maxima(86_400, 2)) >= ALARM).sum() <= 10
    assert limits.alarm_value(0) < 8.0


def test_a_heavy_tail_gets_a_wider_limit() -> None:
    draw = np.random.default_rng(3)
    heavy = np.abs(draw.standard_t(3, (8_000, 70))).max(axis=1)[:, None]
    limits = calibrate(heavy[:6_000], heavy[6_000:], 1.0 * ONE, ONE)
    assert limits.alarm_value(0) > 2.5 * np.quantile(heavy, 0.99)


def test_a_fault_in_the_later_rows_does_not_widen_the_limit() -> None:
    later = normal_maxima(2_000, 1)
    clean = calibrate(normal_maxima(6_000), later, ONE, ONE).alarm_value(0)
    later[:800] *= 3.0 * REACH
    assert calibrate(normal_maxima(6_000), later, ONE, ONE).alarm_value(0) == pytest.approx(clean, rel=0.1)


def test_the_benchmarks_limit_is_four_thirds_of_the_999_per_mille_point_of_the_fit_rows() -> None:
    fitted, later = normal_maxima(6_000), normal_maxima(2_000, 1)
    limits = calibrate(fitted, later, ONE, ONE)
    point = np.quantile(np.vstack([fitted, later]), 0.999)
    assert limits.u(np.array([[4.0 / 3.0 * point]]), "benchmark")[0, 0] == pytest.approx(ALARM)


def test_the_two_limits_differ_and_the_benchmarks_does_not_know_of_caution() -> None:
    fitted, later, rows = normal_maxima(6_000), normal_maxima(2_000, 1), normal_maxima(10, 3)
    one, other = calibrate(fitted, later, ONE, ONE), calibrate(fitted, later, 9.0 * ONE, 2.0 * ONE)
    assert np.array_equal(one.u(rows, "benchmark"), other.u(rows, "benchmark"))
    assert not np.array_equal(one.u(rows), one.u(rows, "benchmark"))
