"""A table's header: which column is the time, which are tags, and how a row's cells become values."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from anomalyctl.errors import InvalidInput, ReadingRefused
from anomalyctl.operations.recordings.row import Row
from anomalyctl.telemetry.validation import LARGEST_PAYLOAD, MOST_KEYS, check_key

_SEPARATORS: Final = (",", ";", "\t", "|")
_USUAL_TIMES: Final = ("timestamp", "datetime", "time", "date_time", "date")


@dataclass(frozen=True, slots=True)
class Header:
    """Columns in their order; `tags` are the positions that hold values."""

    columns: tuple[str, ...]
    separator: str = ","
    time: int = -1
    tags: tuple[int, ...] = ()

    def choose(self, *, time: str | None, ignore: Sequence[str], name: str) -> Header:
        """The header with its time and its tags; raises InvalidInput for a column that is not there."""
        for column in ignore:
            self._position(column, "ignore", name)
        at = self._position(time, "time", name) if time is not None else self._usual_time(name)
        left_out = {at, *(self.columns.index(column) for column in ignore)}
        tags = tuple(
            i for i, column in enumerate(self.columns) if i not in left_out and column != "timestamp"
        )
        if not tags:
            raise InvalidInput(
                f"{name}: no column is left for values.",
                field="header",
                hint="Check --separator and --ignore.",
            )
        return replace(self, time=at, tags=tags)

    def row(self, line: int, cells: Sequence[str]) -> Row:
        """A row of text: empty cells are missing values, the others are numbers or refused."""
        if len(cells) != len(self.columns):
            what = f"the row has {len(cells)} cells, the header {len(self.columns)}"
            return Row(line, {}, ReadingRefused(what, field="row"))
        values: dict[str, object] = {"timestamp": cells[self.time].strip() or None}
        for position in self.tags:
            if text := cells[position].strip():
                values[self.columns[position]] = _number(text)
        return Row(line, values)

    def _position(self, column: str, option: str, name: str) -> int:
        if column in self.columns:
            return self.columns.index(column)
        near = difflib.get_close_matches(column, self.columns, n=1, cutoff=0.5)
        raise InvalidInput(
            f"{name} has no column {column!r}.",
            field=option,
            hint=f"Did you mean {near[0]!r}?" if near else f"Columns: {', '.join(self.columns[:20])}.",
        )

    def _usual_time(self, name: str) -> int:
        by_lower = {column.lower(): i for i, column in reversed(list(enumerate(self.columns)))}
        for usual in _USUAL_TIMES:
            if usual in by_lower:
                return by_lower[usual]
        raise InvalidInput(
            f"{name}: no column looks like the time of a reading.",
            field="time",
            hint=f"Name it with --time. Columns: {', '.join(self.columns[:20])}.",
        )


def split_header(line: bytes, separator: str | None, name: str) -> Header:
    """The header of a CSV file from its first line; raises InvalidInput."""
    if separator is not None and len(separator) != 1:
        separator = {"\\t": "\t", "tab": "\t"}.get(separator, "")
        if not separator:
            raise InvalidInput(
                "A separator is one character.", field="separator", hint='Write --separator ";".'
            )
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _bad(name, "the header is not UTF-8 text") from None
    if len(line) >= LARGEST_PAYLOAD:
        raise _bad(name, f"the header is longer than {LARGEST_PAYLOAD:,} bytes")
    if not text.strip():
        raise _bad(name, "the file is empty" if not line else "the header is empty")
    chosen = separator or max(_SEPARATORS, key=text.count)
    try:
        columns = next(csv.reader([text], delimiter=chosen, strict=True))
    except csv.Error as error:
        raise _bad(name, f"the header cannot be read: {error}") from None
    return replace(read_header(columns, name), separator=chosen)


def read_header(columns: Sequence[str], name: str) -> Header:
    """The header of these columns; raises InvalidInput for empty, repeated or unprintable names."""
    names = tuple(column.strip() for column in columns)
    if len(names) > MOST_KEYS:
        raise _bad(name, f"{len(names):,} columns are more than {MOST_KEYS:,}")
    for position, column in enumerate(names):
        try:
            check_key(column)
        except ReadingRefused:
            raise _bad(name, f"column {position + 1} has no usable name") from None
        if names.index(column) != position:
            raise _bad(name, f"the column {column!r} is there more than once")
    return Header(names)


def _number(text: str) -> object:
    """The number, or the text itself, which validation then refuses with the column named."""
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def _bad(name: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"{name}: {what}.", field="header", hint="Nothing was sent. Check the file and --separator."
    )
