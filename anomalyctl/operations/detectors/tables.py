"""A recording of any plant as one matrix: values, times and, where there is one, the truth."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from anomalyctl.errors import InvalidInput
from anomalyctl.operations.detectors.table_cells import numbers, unread
from anomalyctl.operations.detectors.table_labels import label_of, truth_of
from anomalyctl.operations.detectors.table_times import times_of
from anomalyctl.operations.recordings.header import split_header
from anomalyctl.operations.recordings.recording import STANDARD_INPUT, Layout, Recording, open_recordings
from anomalyctl.operations.recordings.row import Row

_MEASURED: Final = re.compile(r"[+-]?\d+[.,]\d+(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Table:
    """Rows in the order of time; in the file's where its times cannot tell."""

    name: str
    times_ms: NDArray[np.int64]
    """Increasing. Without a usable time column the rows count as a second apart."""
    tags: tuple[str, ...]
    values: NDArray[np.float64]
    """`[rows, tags]`; NaN where a cell is empty or holds no number."""
    label: str | None
    """The column that told the truth."""
    truth: NDArray[np.bool_] | None
    cells_unread: int
    """Cells of columns with numbers that say something else, or what no sensor sends; judged as missing."""
    reordered: bool
    """Whether the file's rows are in another order."""


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
    _refuse_a_missing_header(name, [*tags])
    chosen = label_of(name, label, tags)
    names = tuple(tag for tag in tags if tag != chosen)
    columns = [[line.get(tag) for line in lines] for tag in names]
    values = np.full((len(lines), len(names)), np.nan)
    lost = 0
    for at, cells in enumerate(columns):
        values[:, at] = numbers(cells)
        # A column without any number is told as one that is not scored, not cell by cell.
        lost += 0 if np.isnan(values[:, at]).all() else unread(cells, values[:, at])
    truth = truth_of(name, [line.get(chosen) for line in lines]) if chosen is not None else None
    times_ms, order = times_of(times, told=layout.time is not None, name=name)
    if order is not None:
        values, truth = values[order], truth[order] if truth is not None else None
    return Table(name, times_ms, names, values, chosen, truth, lost, order is not None)


def _refuse_a_missing_header(name: str, tags: Sequence[str]) -> None:
    """Columns may be called 0, 1, 2; where most are called 49.8731, the first reading stands there."""
    measured = sum(bool(_MEASURED.fullmatch(tag.strip())) for tag in tags)
    if measured > len(tags) / 2:
        raise InvalidInput(
            f"{name}: the first line holds numbers where the columns' names belong.",
            field="header",
            hint="Put a line with a name for each column first.",
        )


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
