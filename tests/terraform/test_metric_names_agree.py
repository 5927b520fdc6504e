"""The figures that alerts, autoscaling, workbook and queries ask for are those that the services tell."""

from __future__ import annotations

import re
from pathlib import Path

from anomalyctl.observability.names import NAMES

PROJECT = Path(__file__).parents[2]
TERRAFORM = sorted((PROJECT / "terraform").glob("*.tf"))
QUERIES = sorted((PROJECT / "anomalyctl" / "azure" / "queries").rglob("*.kql"))
KNOWN = {one.name for one in NAMES}


def test_alerts_and_autoscaling_watch_figures_that_are_told() -> None:
    asked = set()
    for file in TERRAFORM:
        # Azure's own are in capitals or one word; ours have underscores.
        asked |= set(re.findall(r'metric\s*=\s*"([a-z]+(?:_[a-z]+)+)"', file.read_text(encoding="utf-8")))
    assert {"queue_lag_seconds", "seconds_since_reading"} <= asked
    assert asked <= KNOWN


def test_queries_ask_for_figures_that_are_told() -> None:
    asked = set()
    for file in [*TERRAFORM, *QUERIES]:
        for query in re.findall(r"AppMetrics[^\n]*(?:\n\|[^\n]*)*", file.read_text(encoding="utf-8")):
            for condition in re.findall(r"Name\s*(?:==|in)\s*(\([^)]*\)|['\"][^'\"]*['\"])", query):
                asked |= set(re.findall(r"['\"]([^'\"]+)['\"]", condition))
    assert {"queue_lag_seconds", "queue_lag_readings"} <= asked
    assert asked <= KNOWN
