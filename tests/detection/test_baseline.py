"""The short way through the baseline beside the long one."""

from __future__ import annotations

import numpy as np
import pytest

from anomalyctl.detection.baseline import Baseline


@pytest.mark.parametrize("missing", [0.0, 0.02])
def test_tags_that_have_long_been_seen_are_followed_the_same_to_the_last_bit(missing: float) -> None:
    draw = np.random.default_rng(1)
    rows = draw.standard_normal((1_200, 6)).cumsum(axis=0) * 0.1
    rows[draw.random(rows.shape) < missing] = np.nan
    rows[500:750, 2] = (
        np.nan
    )  # longer than the baseline remembers: it starts anew, and so both go the long way
    quick, plain = Baseline(6, 10.0), Baseline(6, 10.0)
    short_ways = 0
    for row in rows:
        told = quick.deviation(row)
        short_ways += quick._steady
        assert np.array_equal(told, plain._gradually(row), equal_nan=True)
        for name, held in quick.state().items():
            assert np.array_equal(held, plain.state()[name], equal_nan=True), name
    assert short_ways > 500
