"""Other plants' files as they come: judged, or refused with the file and the field; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.operations.detectors.evaluating import FileEvaluation, evaluate
from anomalyctl.operations.recordings.recording import Layout

ROWS, FAULT = 700, slice(600, 640)
START = np.datetime64("2026-01-01T00:00:00")


def table(*, step_s: int = 1) -> dict[str, list[Any]]:
    """Four sensors, and a fault of the second one."""
    draw = np.random.default_rng(0)
    values = draw.standard_normal((ROWS, 4)) @ draw.standard_normal((4, 4)) + 50.0
    values[FAULT, 1] += 15.0
    truth = np.zeros(ROWS, dtype=int)
    truth[FAULT] = 1
    times = [str(START + np.timedelta64(step_s * row, "s")) for row in range(ROWS)]
    columns = {name: values[:, at].round(4).tolist() for at, name in enumerate("ABCD")}
    return {"time": times, **columns, "anomaly": truth.tolist()}


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., FileEvaluation]:
    """`judged(columns, separator=…, order=…)`: write, evaluate, and what came of it."""

    def run(
        columns: dict[str, list[Any]],
        *,
        separator: str = ",",
        order: Sequence[int] = range(ROWS),
        label: str | None = None,
        **layout: Any,
    ) -> FileEvaluation:
        path = tmp_path / "plant.csv"
        lines = [separator.join(columns)]
        lines += [separator.join(str(column[row]) for column in columns.values()) for row in order]
        path.write_text("\n".join(lines) + "\n")
        return evaluate([str(path)], layout=Layout(**layout), label=label).files[0]

    return run


Judged = Callable[..., FileEvaluation]


def found_the_fault(file: FileEvaluation) -> bool:
    return file.faults == file.faults_found == 1 and file.first_tags[0] == "B"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_usual_separator_is_seen(judged: Judged, separator: str) -> None:
    assert found_the_fault(judged(table(), separator=separator))


@pytest.mark.parametrize(
    "written",
    [
        lambda value: f"{value:.4f}".replace(".", ","),
        lambda value: f"{value * 1000:,.2f}".translate(str.maketrans(",.", ".,")),
    ],
    ids=["50,1234", "50.123,40"],
)
def test_decimal_commas_are_numbers(judged: Judged, written: Callable[[float], str]) -> None:
    columns = table()
    plain = judged(columns)
    columns |= {name: [written(value) for value in columns[name]] for name in "ABCD"}
    commas = judged(columns, separator=";")
    assert found_the_fault(commas)
    assert commas.cells_unread == 0
    assert commas.rows_alarmed == pytest.approx(plain.rows_alarmed, abs=1)


def test_what_may_mean_thousands_is_not_guessed(judged: Judged) -> None:
    columns = table()
    columns["C"] = [f'"1,{row:03}"' if row % 2 else str(row) for row in range(ROWS)]
    file = judged(columns)
    assert found_the_fault(file)
    assert file.cells_unread == ROWS // 2


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_numbers_as_times_count_seconds_or_what_they_must_be(judged: Judged, unit: int) -> None:
    columns = table()
    columns["time"] = [unit * (1_767_225_600 + row) for row in range(ROWS)]
    file = judged(columns)
    assert found_the_fault(file)
    assert file.detection_delay_s is not None
    assert file.detection_delay_s <= 10


def test_rows_that_are_out_of_order_are_judged_in_the_order_of_time(judged: Judged) -> None:
    straight = judged(table())
    for order in (range(ROWS - 1, -1, -1), np.random.default_rng(1).permutation(ROWS).tolist()):
        file = judged(table(), order=order)
        assert file.reordered
        assert (file.rows_alarmed, file.f1) == (straight.rows_alarmed, straight.f1)
    assert not straight.reordered


def test_several_runs_in_one_file_keep_the_files_order(judged: Judged) -> None:
    columns = table()
    columns["time"] = [str(START + np.timedelta64(row % 350, "s")) for row in range(ROWS)]
    file = judged(columns)
    assert found_the_fault(file)
    assert not file.reordered


def test_a_clock_that_is_coarser_than_the_rows(judged: Judged) -> None:
    columns = table()
    columns["time"] = [str(START + np.timedelta64(row // 3, "s")) for row in range(ROWS)]
    assert found_the_fault(judged(columns))


def test_rows_and_cells_of_nothing_infinity_and_beyond_any_sensor_are_missing_values(judged: Judged) -> None:
    columns = table()
    hostile = {0: "inf", 10: "-Infinity", 100: 1e300, 450: -1e18, 500: "1e400", 501: "NaN", 502: "", 503: "#"}
    for row, cell in hostile.items():
        columns["A"][row] = cell
    file = judged(columns)
    assert found_the_fault(file)
    assert file.rows_judged == 300
    assert file.cells_unread == 6, "NaN and an empty cell say nothing"


def test_constant_columns_booleans_and_words_are_told_as_not_scored(judged: Judged) -> None:
    columns = table()
    columns |= {
        "K": [5.0] * ROWS,
        "on": ["True" if row % 5 else "False" for row in range(ROWS)],
        "mode": ["auto", "manual"] * (ROWS // 2),
    }
    file = judged(columns)
    assert found_the_fault(file)
    assert {"K", "mode"} <= set(file.not_scored)
    assert file.scored + len(file.not_scored) == 7


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Normal/Attack", ("Normal", "A ttack")),
        ("attack label", (1, -1)),
        ("y", ("0.0", "1.0")),
        ("is fault", ("false", "true")),
    ],
)
def test_labels_by_other_names_in_other_words(judged: Judged, name: str, words: tuple[Any, Any]) -> None:
    columns = table()
    columns[name] = [words[truth] for truth in columns.pop("anomaly")]
    file = judged(columns, label=name)
    assert found_the_fault(file)
    assert file.label == name


@pytest.mark.parametrize(
    ("rows", "said"),
    [(0, "holds no rows"), (1, "has 1 rows"), (400, "none is left to judge"), (119, "has 119 rows")],
)
def test_files_that_are_too_short_are_refused(judged: Judged, rows: int, said: str) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        judged(table(), order=range(rows))
    assert "plant.csv" in refused.value.message
    assert refused.value.field == "file"
    assert refused.value.exit_code == 64


def test_a_file_without_a_moving_column_is_refused_with_the_columns(judged: Judged) -> None:
    columns = {"time": table()["time"], "K": [5.0] * ROWS, "mode": ["auto"] * ROWS}
    with pytest.raises(InvalidInput, match=r"plant\.csv: no column has numbers that change") as refused:
        judged(columns)
    assert "mode" in refused.value.hint


def test_a_file_without_a_header_is_refused_and_numbered_columns_are_not(judged: Judged) -> None:
    columns = table()
    with pytest.raises(InvalidInput, match="first line holds numbers") as refused:
        judged({str(column[0]): column for column in columns.values()})
    assert refused.value.field == "header"
    numbered = {"time": columns["time"], **{str(at): columns[name] for at, name in enumerate("ABCD")}}
    assert judged(numbered).scored == 4


def test_a_file_of_two_cadences_is_judged_by_the_one_and_borne_by_the_other(judged: Judged) -> None:
    """Every 10 s, and hourly: a held value, or a cell that is empty until the next hour."""
    columns = table(step_s=10)
    hours = np.random.default_rng(2).normal(7.0, 0.5, ROWS).round(3)
    columns["hourly, held"] = [hours[row // 360] for row in range(ROWS)]
    columns["hourly, empty between"] = [hours[row // 360] if row % 360 == 0 else "" for row in range(ROWS)]
    named = {name.replace(",", ""): column for name, column in columns.items()}
    file = judged(named)
    without = judged(table(step_s=10))
    assert found_the_fault(file)
    assert set(file.not_scored) == {"hourly held", "hourly empty between"}
    assert (file.rows_alarmed, file.f1, file.vus_pr) == (without.rows_alarmed, without.f1, without.vus_pr)
