"""Parquet recordings, through pyarrow where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from anomalyctl.errors import InvalidInput, MissingTool, NotFound
from anomalyctl.operations.recordings.header import Header
from anomalyctl.operations.recordings.row import Row
from anomalyctl.telemetry.times import format_time, parse_time

_BATCH: Final = 1_000


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns. Raises MissingTool, NotFound, InvalidInput."""
    with _opened(path) as file:
        return [str(name) for name in file.schema_arrow.names]


def parquet_rows(path: Path, header: Header) -> Iterator[Row]:
    """Rows, numbered from 1; what is null is missing."""
    time, tags = header.columns[header.time], [header.columns[i] for i in header.tags]
    number = 0
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=[time, *tags]):
            columns = {name: batch.column(name).to_pylist() for name in (time, *tags)}
            for i in range(batch.num_rows):
                number += 1
                values = {tag: _plain(columns[tag][i]) for tag in tags if columns[tag][i] is not None}
                yield Row(number, {"timestamp": _time_text(columns[time][i]), **values})


def _opened(path: Path) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingTool(
            "Reading Parquet needs pyarrow, which is not installed.",
            hint='Run: pip install "anomalyctl[parquet]", or convert the file to CSV.',
        ) from None
    try:
        return pyarrow.parquet.ParquetFile(path)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", hint="Check the path.") from None
    except (pyarrow.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{path} is not a Parquet file: {str(error).splitlines()[0]}",
            field="file",
            hint="Check the file.",
        ) from None


def _time_text(value: object) -> object:
    """Nanosecond columns give pandas timestamps where pandas is installed; both are datetimes."""
    if not isinstance(value, datetime):
        return value
    return format_time(value) if value.tzinfo else format_time(parse_time(value.isoformat()))


def _plain(value: object) -> object:
    """Decimals and the like as numbers, anything else as it is, for validation to refuse."""
    from decimal import Decimal

    return float(value) if isinstance(value, Decimal) else value
