"""A recording of any plant as one matrix: values, times and, where there is one, the truth."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.errors import InvalidInput
from anomalyctl.operations.recordings.header import split_header
from anomalyctl.operations.recordings.recording import STANDARD_INPUT, Layout, Recording, open_recordings
from anomalyctl.operations.recordings.row import Row
from anomalyctl.telemetry.times import epoch_ms, parse_time

USUAL_LABELS: Final = ("anomaly", "label", "is_anomaly")
"""Columns that hold the truth where nobody says which one does."""
_TRUE: Final = frozenset({"true", "yes", "anomaly", "anomalous", "attack", "fault", "abnormal"})
_FALSE: Final = frozenset({"false", "no", "normal", "ok", ""})


@dataclass(frozen=True)
class Table:
    """Rows in the file's order."""

    name: str
    times_ms: NDArray[np.int64]
    """Increasing. Without a usable time column the rows count as a second apart."""
    tags: tuple[str, ...]
    values: NDArray[np.float64]
    """`[rows, tags]`; NaN where a cell is empty or holds no number."""
    label: str | None
    """The column that told the truth."""
    truth: NDArray[np.bool_] | None


def read_table(name: str, layout: Layout, label: str | None) -> Table:
    """Read a whole file; the label and what is ignored are in none of the tags.

    Raises NotFound, InvalidInput (no such column, an unreadable row or label, no rows) and MissingTool.
    """
    lines: list[dict[str, object]] = []
    times: list[object] = []
    tags: dict[str, None] = {}
    for row in _rows(name, layout):
        if row.refusal is not None:
            raise InvalidInput(f"{name}, line {row.line}: {row.refusal.message}", field=row.refusal.field)
        times.append(row.values.pop("timestamp", None))
        tags.update(dict.fromkeys(row.values))
        lines.append(row.values)
    if not lines:
        raise InvalidInput(f"{name} holds no rows.", field="file", hint="Check the file and --separator.")
    chosen = _label(name, label, tags)
    names = tuple(tag for tag in tags if tag != chosen)
    values = np.full((len(lines), len(names)), np.nan)
    for at, line in enumerate(lines):
        values[at] = [_number(line.get(tag)) for tag in names]
    truth = None
    if chosen is not None:
        truth = np.array([_is_anomalous(name, line.get(chosen)) for line in lines], dtype=bool)
    return Table(name, _increasing(times, layout, name), names, values, chosen, truth)


def _rows(name: str, layout: Layout) -> Iterator[Row]:
    try:
        recording: Recording = open_recordings([name], layout)[0]
    except InvalidInput as error:
        # A benchmark's file may well have no time at all; a recording for the pipeline may not.
        if layout.time is not None or error.field != "time" or name == STANDARD_INPUT:
            raise
        return _timeless_rows(name, layout)
    return recording.rows()


def _timeless_rows(name: str, layout: Layout) -> Iterator[Row]:
    first, _, rest = Path(name).read_bytes().partition(b"\n")
    header = split_header(first + b"\n", layout.separator, name)
    kept = tuple(at for at, column in enumerate(header.columns) if column not in layout.ignore)
    header = replace(header, time=0, tags=kept)
    reader = csv.reader(io.StringIO(rest.decode("utf-8", errors="replace")), delimiter=header.separator)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            row = header.row(reader.line_num + 1, cells)
            row.values["timestamp"] = None
            yield row


def _label(name: str, label: str | None, tags: dict[str, None]) -> str | None:
    if label is None:
        by_lower = {tag.lower(): tag for tag in reversed(tags)}
        return next((by_lower[usual] for usual in USUAL_LABELS if usual in by_lower), None)
    if label not in tags:
        raise InvalidInput(
            f"{name} has no column {label!r}.", field="label", hint=f"Columns: {', '.join([*tags][:20])}."
        )
    return label


def _number(value: object) -> float:
    if isinstance(value, bool):
        return float(value)
    number = float(value) if isinstance(value, int | float) else float("nan")
    return number if np.isfinite(number) else float("nan")


def _is_anomalous(name: str, value: object) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return bool(value)
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidInput(
        f"{name}: the label {str(value)[:40]!r} is neither true nor false.",
        field="label",
        hint="Write 0 for normal rows, 1 for anomalous ones.",
    )


def _increasing(times: list[object], layout: Layout, name: str) -> NDArray[np.int64]:
    """Epoch ms; numbers are seconds, and what does not increase counts as a millisecond later."""
    found = [_milliseconds(time) for time in times]
    readable = [time for time in found if time is not None]
    if len(readable) < len(found):
        if layout.time is not None:
            line = found.index(None)
            raise InvalidInput(
                f"{name}, row {line + 1}: {str(times[line])[:40]!r} is no time.",
                field="time",
                hint="Write ISO 8601 or seconds, or leave out --time: rows then count as a second apart.",
            )
        return 1000 * np.arange(len(found), dtype=np.int64)
    steps = np.arange(len(readable), dtype=np.int64)
    return np.asarray(np.maximum.accumulate(np.array(readable, dtype=np.int64) - steps) + steps)


def _milliseconds(time: object) -> int | None:
    try:
        if isinstance(time, int | float):
            return round(1000 * time)
        text = str(time)
        try:
            return epoch_ms(parse_time(text))
        except ValueError:
            return round(1000 * float(text))
    except (ValueError, OverflowError):
        return None
