"""Trying the detector on files of an unknown plant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyctl.detection.detector import Detector, Scores
from anomalyctl.detection.window import Matrix
from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.operations.detectors.evaluating import evaluate, fit_on
from anomalyctl.operations.detectors.tables import read_table
from anomalyctl.operations.recordings.recording import Layout

ROWS, FAULT = 900, slice(600, 700)


def plant_file(path: Path, *, seed: int = 0, time: bool = True, **planted: Any) -> str:
    draw = np.random.default_rng(seed)
    shared = draw.standard_normal((ROWS, 2))
    values = shared @ draw.standard_normal((2, 5)) + draw.standard_normal((ROWS, 5))
    values[FAULT, 1] += 8.0
    anomaly = np.zeros(ROWS, dtype=int)
    anomaly[FAULT] = 1
    columns = {f"sensor {at}": values[:, at] for at in range(5)}
    columns |= {"idle": np.zeros(ROWS), "anomaly": anomaly, **planted}
    lines = [";".join([*(["datetime"] if time else []), *columns])]
    for row in range(ROWS):
        moment = np.datetime64("2026-01-01T00:00:00") + np.timedelta64(row, "s")
        cells = [str(column[row]) for column in columns.values()]
        lines.append(";".join([*([str(moment)] if time else []), *cells]))
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_files_and_all_together_are_measured(tmp_path: Path) -> None:
    names = [plant_file(tmp_path / f"{seed}.csv", seed=seed) for seed in (1, 2)]
    found = evaluate(names, layout=Layout(), fit_rows=400)
    assert [file.file for file in found.files] == names
    for file in found.files:
        assert file.f1 is not None
        assert file.f1 > 0.8
        assert file.vus_pr is not None
        assert file.vus_pr > 0.95
        assert file.detection_delay_s is not None
        assert file.detection_delay_s <= 5.0
        assert file.first_tags[0] == "sensor 1"
        assert file.not_scored == ("idle",)
        assert file.label == "anomaly"
    assert found.pooled.rows_judged == 1000
    assert found.pooled.faults == found.pooled.faults_found == 2
    assert found.pooled.auc_pr == pytest.approx(np.mean([file.auc_pr or 0 for file in found.files]))
    assert found.other_limit == "benchmark"
    assert found.pooled_by_other_limit.f1 is not None


def test_labels_and_ignored_columns_never_reach_a_detector(tmp_path: Path) -> None:
    """Planted: the truth itself, noisy, so that whoever saw it would score it, and would be perfect."""
    truth = np.zeros(ROWS)
    truth[FAULT] = 100.0
    leak = truth + np.random.default_rng(9).standard_normal(ROWS)
    plain = plant_file(tmp_path / "plain.csv")
    planted = plant_file(tmp_path / "planted.csv", leak=leak)
    ignored = evaluate([planted], layout=Layout(ignore=("leak",)))
    without = evaluate([plain], layout=Layout())
    assert replace(ignored.files[0], file="", microseconds_per_row=0.0) == replace(
        without.files[0], file="", microseconds_per_row=0.0
    )
    seen = evaluate([planted], layout=Layout())
    assert "leak" in seen.files[0].first_tags, "the plant must be able to fail"
    table = read_table(planted, Layout(ignore=("leak",)), "anomaly")
    assert not {"leak", "anomaly"} & set(fit_on(table, 400).columns)


def test_a_label_by_another_name_and_in_words(tmp_path: Path) -> None:
    words = ["Attack" if row in range(600, 700) else "Normal" for row in range(ROWS)]
    name = plant_file(tmp_path / "words.csv", verdict=words)
    found = evaluate([name], layout=Layout(ignore=("anomaly",)), label="verdict")
    assert found.files[0].label == "verdict"
    assert found.pooled.faults == 1


def test_a_word_that_is_no_label_is_refused(tmp_path: Path) -> None:
    name = plant_file(tmp_path / "words.csv", verdict=["perhaps"] * ROWS)
    with pytest.raises(InvalidInput, match="neither true nor false"):
        evaluate([name], layout=Layout(), label="verdict")


def test_without_labels_there_are_alarms_but_no_measures(tmp_path: Path) -> None:
    name = plant_file(tmp_path / "plant.csv")
    file = evaluate([name], layout=Layout(ignore=("anomaly",))).files[0]
    assert file.label is None
    assert file.f1 is file.false_alarm_rate is file.vus_pr is file.detection_delay_s is None
    assert file.rows_alarmed > 90


def test_a_file_without_times_counts_a_second_a_row(tmp_path: Path) -> None:
    timed = evaluate([plant_file(tmp_path / "timed.csv")], layout=Layout())
    timeless = evaluate([plant_file(tmp_path / "timeless.csv", time=False)], layout=Layout())
    assert timeless.pooled.f1 == timed.pooled.f1


def test_empty_cells_text_and_repeated_times_are_borne(tmp_path: Path) -> None:
    name = plant_file(tmp_path / "plant.csv", note=["ok"] * ROWS)
    text = Path(name).read_text().splitlines()
    text[450] = text[449]
    cells = text[460].split(";")
    text[460] = ";".join([cells[0], "", *cells[2:]])
    Path(name).write_text("\n".join(text))
    file = evaluate([name], layout=Layout()).files[0]
    assert set(file.not_scored) == {"idle", "note"}
    assert file.rows_judged == 500


def test_what_cannot_be_judged_is_refused_with_the_reason(tmp_path: Path) -> None:
    name = plant_file(tmp_path / "plant.csv")
    with pytest.raises(InvalidInput, match="none is left to judge"):
        evaluate([name], layout=Layout(), fit_rows=900)
    with pytest.raises(InvalidInput, match="too few to fit on"):
        evaluate([name], layout=Layout(), fit_rows=50)
    with pytest.raises(InvalidInput, match="no column 'truth'"):
        evaluate([name], layout=Layout(), label="truth")
    with pytest.raises(NotFound):
        evaluate([str(tmp_path / "none.csv")], layout=Layout())


def test_judging_alone_counts_as_time_per_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only the detector moves: what reading, fitting and measuring take does not count."""
    now = [0.0]
    scores = Detector.scores

    def a_second_a_row(self: Detector, rows: Matrix, **options: Any) -> Scores:
        found = scores(self, rows, **options)
        now[0] += len(rows)
        return found

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    monkeypatch.setattr(Detector, "scores", a_second_a_row)
    found = evaluate([plant_file(tmp_path / "plant.csv")], layout=Layout())
    assert found.files[0].microseconds_per_row == found.pooled.microseconds_per_row == 1e6
