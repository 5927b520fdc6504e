"""A breaker is told of the part whose calls it keeps back."""

from __future__ import annotations

from anomalyctl.operations.status import detail_of
from anomalyctl.operations.status_backlog import Backlogs


def test_the_language_model_is_the_detectors_and_the_rest_the_functions() -> None:
    backlogs = Backlogs(open_breakers=("database", "language model", "ml detector"))
    assert detail_of("detectors", "", backlogs) == "left alone for a while after failures: language model"
    assert detail_of("functions", "slow", backlogs).endswith("failures: database, ml detector")
    assert detail_of("valkey", "", backlogs) == ""
