"""Recordings of plants, row by row: CSV, JSON Lines or Parquet, read in a stream."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from anomalyctl.errors import InvalidInput, NotFound, ReadingRefused
from anomalyctl.operations.recordings.header import Header, read_header, split_header
from anomalyctl.operations.recordings.row import Row
from anomalyctl.telemetry.validation import LARGEST_PAYLOAD, decode_object

STANDARD_INPUT: Final = "-"
FORMATS: Final = ("csv", "jsonl", "parquet")
_SUFFIXES: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """What people say about their files."""

    format: str | None = None
    """None: by the file's name, else by its first character."""
    time: str | None = None
    """The column with the time; None: `timestamp`, or the one column that is usually called so."""
    ignore: tuple[str, ...] = ()
    separator: str | None = None
    """None: the one of `,` `;` tab and `|` that the header holds most of."""


class Recording:
    """One file. Making it looks at the header alone, so that a bad one stops everything before it starts."""

    def __init__(self, name: str, layout: Layout, stdin: IO[bytes] | None = None) -> None:
        self.name = name
        self._stdin = stdin if stdin is not None else sys.stdin.buffer
        self._beginning = self._read_beginning()
        self._layout = replace(layout, format=self._format_of(layout))
        self._header: Header | None = None
        self.never_seen = set(layout.ignore) if self._layout.format == "jsonl" else set()
        """Keys to ignore that no row has had so far; a table's are checked against its header."""
        if self._layout.format == "csv":
            self._header = split_header(self._beginning, self._layout.separator, name).choose(
                time=layout.time, ignore=layout.ignore, name=name
            )
        elif self._layout.format == "parquet":
            from anomalyctl.operations.recordings.parquet import parquet_columns

            self._header = read_header(parquet_columns(self._path()), name).choose(
                time=layout.time, ignore=layout.ignore, name=name
            )

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, with the number of its line (of its row in a Parquet file)."""
        if self._layout.format == "parquet":
            from anomalyctl.operations.recordings.parquet import parquet_rows

            yield from parquet_rows(self._path(), self._columns)
        else:
            with self._opened() as file:
                yield from self._csv_rows(file) if self._layout.format == "csv" else self._json_rows(file)

    @property
    def _columns(self) -> Header:
        assert self._header is not None  # noqa: S101 - set for the formats that have one
        return self._header

    def _csv_rows(self, file: IO[bytes]) -> Iterator[Row]:
        header = self._columns
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text, delimiter=header.separator)
        next(reader, None)
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Row(
                    reader.line_num, {}, ReadingRefused(f"the row cannot be read: {error}", field="row")
                )
                continue
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield header.row(reader.line_num, cells)

    def _json_rows(self, file: IO[bytes]) -> Iterator[Row]:
        line = 0
        while raw := file.readline(LARGEST_PAYLOAD + 2):
            line += 1
            rest = raw
            while not rest.endswith(b"\n") and (rest := file.readline(LARGEST_PAYLOAD)):
                pass  # the rest of a line that is too long is skipped, not kept
            stripped = raw.removeprefix(b"\xef\xbb\xbf").strip() if line == 1 else raw.strip()
            if stripped:
                yield self._json_row(line, stripped)

    def _json_row(self, line: int, raw: bytes) -> Row:
        try:
            values = decode_object(raw)
        except ReadingRefused as refusal:
            return Row(line, {}, refusal)
        for key in self._layout.ignore:
            if values.pop(key, self) is not self:
                self.never_seen.discard(key)
        if self._layout.time is not None:
            values.pop("timestamp", None)
            values["timestamp"] = values.pop(self._layout.time, None)
        return Row(line, values)

    def _format_of(self, layout: Layout) -> str:
        if layout.format is not None:
            chosen = layout.format
        else:
            first = self._beginning.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
            by_content = "jsonl" if first == b"{" else "csv"
            chosen = _SUFFIXES.get(Path(self.name).suffix.lower(), by_content)
        if chosen == "parquet" and self.name == STANDARD_INPUT:
            raise InvalidInput(
                "A Parquet file cannot be read from standard input.", field="format", hint="Give its path."
            )
        return chosen

    def _read_beginning(self) -> bytes:
        if self.name == STANDARD_INPUT:
            return self._stdin.readline(LARGEST_PAYLOAD)
        with self._opened() as file:
            return file.readline(LARGEST_PAYLOAD)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        if self.name == STANDARD_INPUT:
            yield io.BufferedReader(_Joined(self._beginning, self._stdin))
            return
        try:
            file = self._path().open("rb")
        except FileNotFoundError:
            raise NotFound(f"There is no file {self.name}.", hint="Check the path.") from None
        except OSError as error:
            raise InvalidInput(
                f"{self.name} cannot be opened: {error.strerror}.", field="file", hint="Name a readable file."
            ) from None
        with file:
            yield file

    def _path(self) -> Path:
        return Path(self.name)


def open_recordings(names: Sequence[str], layout: Layout, stdin: IO[bytes] | None = None) -> list[Recording]:
    """All recordings, each header checked. Raises NotFound, InvalidInput, MissingTool."""
    if names.count(STANDARD_INPUT) > 1:
        raise InvalidInput("Standard input can be read once.", field="file", hint="Give - once.")
    return [Recording(name, layout, stdin) for name in names]


class _Joined(io.RawIOBase):
    """What was read already, then the rest of the stream."""

    def __init__(self, beginning: bytes, rest: IO[bytes]) -> None:
        self._beginning, self._rest = beginning, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._beginning:
            part, self._beginning = self._beginning[: len(buffer)], self._beginning[len(buffer) :]
        else:
            # One line at a time, so that a slow producer's rows go on as they come.
            part = self._rest.readline(len(buffer))
        buffer[: len(part)] = part
        return len(part)
