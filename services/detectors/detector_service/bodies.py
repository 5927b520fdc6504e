"""Request bodies: bounded while they arrive, then checked by the rules that every reading meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import chain
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.requests import Request

from anomalyctl.detection.memory import LARGEST_MEMORY
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput, ReadingRefused
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import epoch_ms, parse_time
from anomalyctl.telemetry.validation import (
    LARGEST_VALUE,
    MOST_KEYS,
    check_source,
    check_timestamp,
    check_values,
)
from anomalyctl.telemetry.verdicts import Memory
from detector_service.problems import Refused

MOST_READINGS: Final = 120
MOST_READINGS_OF_ALL: Final = 8_640
LARGEST_BODY: Final = 4 * 1024 * 1024
LARGEST_BODY_OF_ALL: Final = 64 * 1024 * 1024
DEEPEST_MEMORY: Final = 16
"""Readings are flat; beyond that and a thousand levels, the parser itself refuses a body."""
_NUMBERS: Final = frozenset({int, float})
_CLOCKS_APART: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Body:
    """A request as it was sent; its readings are not yet checked."""

    source: str
    readings: Sequence[Any]
    memory: Memory | None


async def read_bounded(request: Request, largest: int) -> bytes:
    """The whole body, or a refusal (413) as soon as it is larger than `largest` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest:
        raise _too_large(largest)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        parts.append(part)
    return b"".join(parts)


def parse_body(raw: bytes, *, most: int) -> Body:
    """`{"source", "readings", "memory"}` of at most `most` readings. Raises Refused (400), InvalidInput."""
    try:
        decoded = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from error
    if not isinstance(decoded, dict):
        raise InvalidInput("the body must be an object", field="body")
    for key in decoded:
        if key not in ("source", "readings", "memory"):
            raise InvalidInput(f"{key[:80]}: is not known", field=key[:80])
    source, readings, memory = decoded.get("source"), decoded.get("readings"), decoded.get("memory")
    if not isinstance(source, str):
        raise InvalidInput("source: must be a text", field="source")
    if not isinstance(readings, list) or not readings:
        raise InvalidInput("readings: must be a list with at least one reading", field="readings")
    if len(readings) > most:
        raise InvalidInput(f"readings: {len(readings):,} is more than {most:,}", field="readings")
    if memory is not None and not isinstance(memory, dict):
        raise InvalidInput("memory: must be an object", field="memory")
    if memory and _deeper_than(memory, DEEPEST_MEMORY):
        raise InvalidInput(f"memory: is nested more than {DEEPEST_MEMORY} deep", field="memory")
    if memory and len(orjson.dumps(memory)) > LARGEST_MEMORY:
        raise InvalidInput(f"memory: is over {LARGEST_MEMORY // 1024} kB", field="memory")
    return Body(check_source(source), readings, memory or None)


def ids_of_judged(body: Body, last: int | None) -> list[str]:
    """Ids of the readings that are judged, for the log; of one whose time cannot be read there is none."""
    judged = body.readings if last is None else body.readings[-last:]
    times = (reading.get("timestamp") if isinstance(reading, Mapping) else None for reading in judged)
    return [reading_id for time in times if (reading_id := _id_at(body.source, time))]


def _id_at(source: str, time: object) -> str:
    try:
        return f"{source}:{epoch_ms(parse_time(time))}" if isinstance(time, str) else ""
    except (ValueError, OverflowError):
        return ""  # it is refused later, with the field named


def _deeper_than(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper_than(each, levels - 1) for each in value)


def window_of_body(body: Body, registry: TagRegistry, now: datetime) -> Window:
    """The readings as a window. Raises ReadingRefused naming `readings[i].KEY`, or InvalidInput."""
    known: set[tuple[str, ...]] = set()
    times: list[int] = []
    rows: list[tuple[tuple[str, ...], list[float]]] = []
    for position, reading in enumerate(body.readings):
        try:
            time_ms, tags, values = _checked(reading, registry, now, known)
        except ReadingRefused as error:
            place = f"readings[{position}]" + (f".{error.field}" if error.field else "")
            raise ReadingRefused(error.message, field=place) from error
        times.append(time_ms)
        rows.append((tags, values))
    return _matrix(body.source, times, rows)


def _checked(
    reading: Any, registry: TagRegistry, now: datetime, known: set[tuple[str, ...]]
) -> tuple[int, tuple[str, ...], list[float]]:
    if not isinstance(reading, Mapping):
        raise ReadingRefused("a reading must be an object", field="")
    if len(reading) > MOST_KEYS:
        raise ReadingRefused(f"a reading has {len(reading):,} keys, the limit is {MOST_KEYS:,}", field="")
    values = dict(reading)
    # The pipeline has judged the time by its clock; another clock must not change a verdict.
    instant = check_timestamp(values.pop("timestamp", None), now + _CLOCKS_APART)
    tags, numbers = tuple(values), list(values.values())
    # A thousand readings have the same keys and plain floats: what was checked once need not be again.
    if tags not in known or not _NUMBERS.issuperset(map(type, numbers)):
        numbers = list(check_values(values, registry).values())
        known.add(tags)
    return epoch_ms(instant), tags, numbers


def _matrix(source: str, times: list[int], rows: list[tuple[tuple[str, ...], list[float]]]) -> Window:
    column: dict[str, int] = {}
    places: dict[tuple[str, ...], NDArray[np.intp]] = {}
    for tags, _ in rows:
        if tags not in places:
            places[tags] = np.array([column.setdefault(tag, len(column)) for tag in tags], dtype=np.intp)
    flat = np.full(len(rows) * len(column), np.nan)
    # One assignment for all rows: each alone costs more than its numbers.
    at = np.concatenate([places[tags] + row * len(column) for row, (tags, _) in enumerate(rows)])
    flat[at] = np.fromiter(chain.from_iterable(numbers for _, numbers in rows), np.float64, len(at))
    values = flat.reshape(len(rows), len(column))
    large = np.argwhere(np.abs(values) > LARGEST_VALUE)
    if large.size:
        row, tag = (int(index) for index in large[0])
        field = f"readings[{row}].{list(column)[tag]}"
        raise ReadingRefused(f"{field}: is out of any sensor's range", field=field)
    return Window(source, np.array(times, dtype=np.int64), tuple(column), values)


def _too_large(largest: int) -> Refused:
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {largest // 1024**2} MB.",
        field="body",
    )
