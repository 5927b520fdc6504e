"""What a batch of queue entries turns into: readings to judge, late ones, repeats and refusals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from anomalyctl.errors import ReadingRefused
from anomalyctl.pipeline.dead_letters import Kind
from anomalyctl.stores.readings.queue import QueueEntry
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import epoch_ms, parse_time
from anomalyctl.telemetry.validation import parse_reading

EARLY = timedelta(hours=24)
"""A reading that is at most so far ahead is tried again when its time has come."""
_ORIGINS = ("live", "simulated", "recorded")


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted reading and the queue entry that it came in."""

    entry_id: str
    ms: int
    reading: Reading
    payload: bytes
    origin: str
    late: bool = False
    """It arrived after a newer reading of its source."""
    letter: str = ""
    """Id of the dead letter that it was."""
    queue: int = 0
    """Number of the queue that it came in."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that may not enter, and why."""

    entry: QueueEntry
    reason: str
    field: str
    kind: Kind = "refused"


@dataclass(slots=True)
class Intake:
    """One source's batch, sorted out; `fresh` and `late` are in time order, one reading a millisecond."""

    fresh: list[Row] = field(default_factory=list)
    """After `as_of`: to be judged in order, also where the batch holds them out of order."""
    late: list[Row] = field(default_factory=list)
    """At or before `as_of`: judged already, or late."""
    repeats: list[tuple[Row, Row]] = field(default_factory=list)
    """A reading at a millisecond that is taken in this batch, and the one that took it."""
    refused: list[Refusal] = field(default_factory=list)


def sort_out(
    entries: Iterable[QueueEntry], *, source: str, registry: TagRegistry, as_of: int | None, now: datetime
) -> Intake:
    """Validate entries of one source and sort them; `as_of` is the newest reading judged in order (ms)."""
    intake = Intake()
    first: dict[int, Row] = {}
    newest = as_of if as_of is not None else -1
    for entry in entries:
        try:
            reading = parse_reading(entry.payload, source=source, registry=registry, now=now)
        except ReadingRefused as error:
            kind: Kind = "early" if _is_only_early(entry, source, registry, now, error) else "refused"
            intake.refused.append(Refusal(entry, error.message, error.field, kind))
            continue
        origin = entry.origin if entry.origin in _ORIGINS else "live"
        ms = epoch_ms(reading.timestamp)
        row = Row(
            entry.id,
            ms,
            reading,
            entry.payload,
            origin,
            late=ms < newest,
            letter=entry.letter,
            queue=entry.queue,
        )
        newest = max(newest, ms)
        taken = first.setdefault(row.ms, row)
        if taken is not row:
            intake.repeats.append((row, taken))
    for row in sorted(first.values(), key=lambda row: row.ms):
        (intake.late if as_of is not None and row.ms <= as_of else intake.fresh).append(row)
    return intake


def _is_only_early(
    entry: QueueEntry, source: str, registry: TagRegistry, now: datetime, error: ReadingRefused
) -> bool:
    """Whether a little time is all that it lacks: our clock, or the sender's, may be wrong for a while."""
    if error.field != "timestamp":
        return False
    try:
        parse_reading(entry.payload, source=source, registry=registry, now=now + EARLY)
    except ReadingRefused:
        return False
    return True


def valid_rows(
    rows: Sequence[tuple[int, bytes]], *, source: str, registry: TagRegistry, now: datetime
) -> list[tuple[int, bytes, Reading]]:
    """Rows of a window that validate, the first of each millisecond; the others are skipped."""
    found: dict[int, tuple[int, bytes, Reading]] = {}
    for _, payload in rows:
        try:
            reading = parse_reading(payload, source=source, registry=registry, now=now)
        except ReadingRefused:
            continue
        ms = epoch_ms(reading.timestamp)
        found.setdefault(ms, (ms, payload, reading))
    return [found[ms] for ms in sorted(found)]


def reading_id_of(entry: QueueEntry) -> str:
    """The id that a refused entry's reading would have, as far as that can be read; empty otherwise."""
    try:
        return f"{entry.source[:63]}:{epoch_ms(parse_time(orjson.loads(entry.payload)['timestamp']))}"
    except (ValueError, OverflowError, LookupError, TypeError):
        return ""
