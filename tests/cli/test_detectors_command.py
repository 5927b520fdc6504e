"""`detectors evaluate` as people call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def plant(path: Path) -> str:
    """500 seconds of four sensors; the second is off for the last 50, and a column tells so."""
    values = np.random.default_rng(3).standard_normal((500, 4))
    values[450:, 1] += 9.0
    lines = ["datetime;a;b;c;d;anomaly;changepoint"]
    for row in range(500):
        moment = np.datetime64("2026-01-01T00:00:00") + np.timedelta64(row, "s")
        cells = [*(f"{value:.5f}" for value in values[row]), str(int(row >= 450)), str(int(row == 450))]
        lines.append(";".join([str(moment), *cells]))
    path.write_text("\n".join(lines))
    return str(path)


def test_one_document_with_files_and_all_together(anomalyctl: Callable[..., Any], tmp_path: Path) -> None:
    name = plant(tmp_path / "plant.csv")
    arguments = ("--ignore", "changepoint", "--separator", ";", "--fit-rows", "400", "--limit", "benchmark")
    ended = anomalyctl("detectors", "evaluate", name, *arguments, "--output", "json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    measures = {"f1", "false_alarm_rate", "missed_alarm_rate", "auc_pr", "vus_pr", "detection_delay_s"}
    assert measures | {"microseconds_per_row"} <= set(told["pooled"]) & set(told["files"][0])
    assert (told["limit"], told["other_limit"]) == ("benchmark", "operations")
    assert told["pooled"]["missed_alarm_rate"] < 0.1
    assert told["pooled"]["vus_pr"] > 0.95


def test_people_read_a_table_and_wrong_columns_are_named(
    anomalyctl: Callable[..., Any], tmp_path: Path
) -> None:
    name = plant(tmp_path / "plant.csv")
    assert "all, limit operations" in anomalyctl("detectors", "evaluate", name).out
    refused = anomalyctl("detectors", "evaluate", name, "--label", "truth")
    assert refused.code == 64
    assert "truth" in refused.err
