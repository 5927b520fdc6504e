from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from anomalyctl.detection.window import Columns, Window, window_of
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.readings import Reading

START = datetime(2026, 3, 1, tzinfo=UTC)


def reading(second: int, **values: float) -> Reading:
    return Reading("well-1", START + timedelta(seconds=second), values)


def test_a_tag_that_a_reading_lacks_is_nan() -> None:
    window = window_of("well-1", [reading(0, a=1.0), reading(10, b=2.0, a=3.0)])
    assert window.tags == ("a", "b")
    assert np.array_equal(window.values, [[1.0, np.nan], [3.0, 2.0]], equal_nan=True)


def test_columns_come_in_the_order_asked_and_unknown_ones_are_nan() -> None:
    window = window_of("well-1", [reading(0, a=1.0, b=2.0)])
    assert np.array_equal(window.columns(["b", "x", "a"]), [[2.0, np.nan, 1.0]], equal_nan=True)


def test_of_several_readings_at_one_millisecond_the_first_stays() -> None:
    window = window_of("well-1", [reading(0, a=1.0), reading(0, a=2.0)])
    assert window.values.tolist() == [[1.0]]


def test_readings_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        window_of("well-1", [reading(10, a=1.0), reading(0, a=2.0)])
    assert refused.value.field == "readings"


def test_a_matrix_of_another_shape_is_refused() -> None:
    with pytest.raises(InvalidInput):
        Window("well-1", np.array([1, 2]), ("a",), np.zeros((2, 2)))


def test_no_readings_are_an_empty_window() -> None:
    assert len(window_of("well-1", [])) == 0


def test_columns_are_found_anew_where_the_layout_changes() -> None:
    columns = Columns(("B", "C"))
    times = np.array([0, 10])
    first = Window("well-1", times, ("A", "B"), np.array([[1.0, 2.0], [3.0, 4.0]]))
    second = Window("well-1", times, ("C", "B"), np.array([[5.0, 6.0], [7.0, 8.0]]))
    assert np.array_equal(columns.of(first), [[2.0, np.nan], [4.0, np.nan]], equal_nan=True)
    assert np.array_equal(columns.of(second), [[6.0, 5.0], [8.0, 7.0]])
    assert np.array_equal(columns.of(first.rows(1)), [[4.0, np.nan]], equal_nan=True)
    assert np.isnan(columns.of(Window("well-1", times, (), np.zeros((2, 0))))).all()
