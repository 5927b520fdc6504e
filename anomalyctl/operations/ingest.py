"""Sending a plant's recording through the same validation as live readings, with its own times."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import InvalidInput, ReadingRefused
from anomalyctl.operations.feeding import Sender
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.recordings.recording import Recording
from anomalyctl.operations.recordings.row import Row
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import epoch_ms, format_time
from anomalyctl.telemetry.validation import check_source, check_timestamp, check_values, encode_reading

if TYPE_CHECKING:
    from anomalyctl.stores.readings import ReadingStore

_BATCH: Final = 500
_LONGEST_WAIT: Final = timedelta(seconds=1)
"""Rows that trickle in from a pipe are sent this often, however few they are."""
_SHOWN: Final = 10
"""Refused rows that are told one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that may not enter, and the first thing that is wrong with it."""

    file: str
    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What was sent and what was not."""

    readings: int
    source: str
    first: datetime | None
    last: datetime | None
    refused: int
    refusals: tuple[Refusal, ...]
    """The first ten."""
    registry_saved: bool
    interrupted: bool
    took_s: float

    def as_document(self) -> dict[str, Any]:
        """JSON types, `from` and `to` as the wire writes times."""
        return {
            "readings": self.readings,
            "source": self.source,
            "from": None if self.first is None else format_time(self.first),
            "to": None if self.last is None else format_time(self.last),
            "refused": self.refused,
            "refusals": [
                {"file": r.file, "line": r.line, "field": r.field, "reason": r.reason} for r in self.refusals
            ],
            "registry_saved": self.registry_saved,
            "interrupted": self.interrupted,
            "took_s": round(self.took_s, 3),
        }


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ingestion:
    """One run over recordings whose headers are known to be good.

    `registry`, where given, becomes the source's own just before its first reading is sent.
    """

    def __init__(
        self,
        store: ReadingStore,
        recordings: Sequence[Recording],
        *,
        source: str,
        registry: TagRegistry | None = None,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress = SILENCE,
    ) -> None:
        self._source = check_source(source)
        self._store, self._recordings = store, recordings
        self._own_registry, self._saved = registry, False
        self._registry = registry if registry is not None else store.load_registry(source)
        self._clock, self._progress = clock, progress
        self._sender = Sender(store, source, "recorded", sleep=sleep)
        self._refused = 0
        self._refusals: list[Refusal] = []
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._began = clock()
        self._complete = False

    def run(self) -> None:
        """Send every good row. Raises InvalidInput when there is none, Transient when the store fails."""
        self._warn_of_other_tags()
        for recording in self._recordings:
            self._progress.step(f"Reading {recording.name}")
            batch: list[Reading] = []
            sent_at = self._clock()
            for row in recording.rows():
                reading = self._reading_of(recording.name, row)
                if reading is not None:
                    batch.append(reading)
                if len(batch) == _BATCH or self._clock() - sent_at >= _LONGEST_WAIT:
                    self._send(batch)
                    batch, sent_at = [], self._clock()
            self._send(batch)
            if recording.never_seen:
                # Misspelt, a label would have gone in as a tag.
                names = ", ".join(sorted(recording.never_seen))
                self._progress.warn(f"{recording.name}: no row has {names}, which --ignore names.")
        self._complete = True
        if not self._sender.sent:
            raise self._nothing_good()

    def summary(self) -> IngestSummary:
        """What has been sent so far."""
        return IngestSummary(
            readings=self._sender.sent,
            source=self._source,
            first=self._first,
            last=self._last,
            refused=self._refused,
            refusals=tuple(self._refusals),
            registry_saved=self._saved,
            interrupted=not self._complete,
            took_s=(self._clock() - self._began).total_seconds(),
        )

    def _warn_of_other_tags(self) -> None:
        if self._own_registry is None or self._store.newest_ms(self._source) is None:
            return
        if self._store.load_registry(self._source) != self._own_registry:
            self._progress.warn(
                f"{self._source} has readings with other tags; --source with a new name keeps them apart."
            )

    def _reading_of(self, file: str, row: Row) -> Reading | None:
        try:
            if row.refusal is not None:
                raise row.refusal
            timestamp = check_timestamp(row.values.pop("timestamp", None), self._clock())
            return Reading(self._source, timestamp, check_values(row.values, self._registry))
        except ReadingRefused as refusal:
            self._refused += 1
            if len(self._refusals) < _SHOWN:
                self._refusals.append(Refusal(file, row.line, refusal.field, refusal.message))
            return None

    def _send(self, batch: Sequence[Reading]) -> None:
        if not batch:
            return
        if self._own_registry is not None and not self._saved:
            self._store.save_registry(self._source, self._own_registry)
            self._saved = True
        self._sender.send([(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in batch])
        times = [reading.timestamp for reading in batch]
        self._first = min(times) if self._first is None else min(self._first, *times)
        self._last = max(times) if self._last is None else max(self._last, *times)
        self._progress.advance(self._sender.sent, 0, "Readings sent:")

    def _nothing_good(self) -> InvalidInput:
        if not self._refusals:
            return InvalidInput("There are no readings in it.", field="file", hint="Nothing was sent.")
        first = self._refusals[0]
        core_missing = first.field in self._registry.core and "missing" in first.reason
        place = f"{first.file} line {first.line}"
        return InvalidInput(
            f"All {self._refused:,} rows were refused; the first, {place}: {first.reason}.",
            field=first.field,
            hint="Nothing was sent. "
            + (
                "Give the plant's own tags with --tags FILE, and a --source of its own."
                if core_missing
                else "Write decimals with a point."
                if re.search(r"'-?\d+,\d+'", first.reason)
                else "Correct the file, or leave a column out with --ignore."
            ),
            details={"refused": self._refused},
        )
