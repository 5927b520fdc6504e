"""One source's part of a batch: its fresh readings in their own time order, then its late ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anomalyctl.errors import AnomalyctlError, Transient
from anomalyctl.pipeline.detectors import MOST_BYTES, MOST_READINGS
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.pipeline.fitting import Fitter
from anomalyctl.pipeline.intake import Intake, Refusal, Row, sort_out, valid_rows
from anomalyctl.pipeline.judging import Detectors, Judged, judge_rows, may_heal
from anomalyctl.pipeline.keeping import Keeper
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.memory import as_of
from anomalyctl.stores.readings.queue import QueueEntry
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import Memory, Tier

CHUNK: Final = 60
"""Readings judged by one call when the pipeline is behind; as many before them are their window."""

_NEIGHBOURS: Final = 3
"""So many others are tried before a refusal counts against a reading."""


@dataclass(slots=True)
class Tally:
    """What became of readings."""

    judged: int = 0
    anomalous: int = 0
    late: int = 0
    repeated: int = 0
    refused: int = 0
    fitted: int = 0

    def add(self, other: Tally) -> None:
        """Count another part in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class SourceState:
    """What the drainer knows of a source while it holds the lease."""

    registry: TagRegistry
    memories: dict[Tier, Memory]
    newest_ms: int | None
    """The newest reading judged in order."""
    context: deque[bytes]
    """Payloads before the next reading."""
    clean: int
    """Readings in the window that a model could learn from."""
    fit_point: int | None
    """How many clean readings make the next fit due."""


@dataclass
class SourceRun:
    """Judges one source's entries; a new one for each drain. `stopped` is asked between chunks."""

    source: str
    readings: ReadingStore
    detectors: Detectors
    keeper: Keeper
    fitter: Fitter
    lease: Lease
    clock: Callable[[], datetime]
    stopped: Callable[[], bool]
    state: SourceState | None = None
    _writer: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="keeper"), repr=False
    )

    def process(self, entries: Sequence[QueueEntry]) -> Tally:
        """Judge, keep and acknowledge; what is not acknowledged at the end stays pending.

        Raises what may heal by itself (Transient, TimedOut, SignInFailed, LostRace); a reading that no
        detector can judge becomes a dead letter instead.
        """
        state = self.state or self._load()
        intake = sort_out(
            entries, source=self.source, registry=state.registry, as_of=state.newest_ms, now=self.clock()
        )
        tally = Tally()
        try:
            self._clear_away(intake, tally)
            self._judge_fresh(state, intake.fresh, tally)
            self._judge_late(state, intake.late, tally)
            self._drop_late_repeats(intake, tally)
        except BaseException:
            # What was judged ahead of a failed write must not be built upon.
            self.state = None
            raise
        self.state = state
        return tally

    def close(self) -> None:
        """Wait for writes under way."""
        self._writer.shutdown()

    def _load(self) -> SourceState:
        memories = self.readings.load_memory(self.source)
        newest_ms = as_of(memories)
        registry = self.readings.load_registry(self.source)
        context: deque[bytes] = deque(maxlen=MOST_READINGS - 1)
        clean = 0
        if newest_ms is not None:
            rows = self.readings.window(self.source, 0, newest_ms, MOST_READINGS - 1)
            valid = valid_rows(rows, source=self.source, registry=registry, now=self.clock())
            context.extend(payload for _, payload, _ in valid)
            clean = self.fitter.clean_rows(self.source, newest_ms)
        fit_point = self.fitter.next_point(self.source)
        return SourceState(registry, memories, newest_ms, context, clean, fit_point)

    def _clear_away(self, intake: Intake, tally: Tally) -> None:
        self.keeper.refuse(self.source, intake.refused)
        fresh = {row.ms for row in intake.fresh}
        repeats = [(row, first) for row, first in intake.repeats if first.ms in fresh]
        self.keeper.drop_repeats(self.source, repeats)
        tally.refused += len(intake.refused)
        tally.repeated += len(repeats)

    def _drop_late_repeats(self, intake: Intake, tally: Tally) -> None:
        late = {row.ms for row in intake.late}
        repeats = [row for row, first in intake.repeats if first.ms in late]
        if repeats and not self.stopped():
            self.keeper.drop_judged(self.source, repeats)
            tally.repeated += len(repeats)

    def _judge_fresh(self, state: SourceState, rows: Sequence[Row], tally: Tally) -> None:
        writing: Future[None] | None = None
        start = 0
        try:
            while start < len(rows) and not self.stopped():
                chunk = _bounded(rows[start : start + self._chunk_size(state)])
                start += len(chunk)
                judged = self._judge_or_refuse(state, chunk, tally)
                # The next chunk is judged while this one is written, never more than one ahead.
                _wait(writing)
                writing = self._write(state, judged, tally)
                if state.fit_point is not None and state.clean >= state.fit_point:
                    _wait(writing)
                    self._fit(state, tally)
        finally:
            _wait(writing)

    def _judge_or_refuse(
        self, state: SourceState, chunk: Sequence[Row], tally: Tally, *, others: Sequence[Row] = ()
    ) -> list[tuple[Sequence[Row], Judged]]:
        """Judge a chunk; where the detectors refuse it, halve it until the reading at fault stands alone."""
        try:
            judged = judge_rows(
                self.detectors,
                self.source,
                state.context,
                chunk,
                state.memories,
                late=False,
                now=self.clock(),
            )
        except AnomalyctlError as error:
            if may_heal(error):
                raise
            if len(chunk) > 1:
                half, known = len(chunk) // 2, others or chunk
                first = self._judge_or_refuse(state, chunk[:half], tally, others=known)
                return first + self._judge_or_refuse(state, chunk[half:], tally, others=known)
            self._refuse_judged(state, chunk[0], error, tally, others=others)
            return []
        state.memories.update(judged.memories)
        state.context.extend(row.payload for row in chunk)
        state.newest_ms = chunk[-1].ms
        return [(chunk, judged)]

    def _write(
        self, state: SourceState, parts: list[tuple[Sequence[Row], Judged]], tally: Tally
    ) -> Future[None] | None:
        for rows, judged in parts:
            alarms = [document["final_status"] == ANOMALY for document in judged.documents]
            tally.judged += len(rows)
            tally.anomalous += sum(alarms)
            state.clean += sum(
                self.fitter.learns_from(simulated=row.origin == "simulated", alarmed=alarmed)
                for row, alarmed in zip(rows, alarms, strict=True)
            )
        return self._writer.submit(self._keep, parts) if parts else None

    def _keep(self, parts: list[tuple[Sequence[Row], Judged]]) -> None:
        for rows, judged in parts:
            self.keeper.keep(
                self.source,
                rows,
                judged.documents,
                newest_ms=rows[-1].ms,
                memories=judged.memories,
                lease=self.lease,
            )

    def _fit(self, state: SourceState, tally: Tally) -> None:
        assert state.newest_ms is not None  # noqa: S101 - a fit point lies behind a judged reading
        fit = self.fitter.fit(self.source, state.newest_ms)
        tally.fitted += fit.version is not None
        state.fit_point = self.fitter.next_point(self.source)
        state.clean = self.fitter.clean_rows(self.source, state.newest_ms)

    def _chunk_size(self, state: SourceState) -> int:
        # A chunk ends where a fit is due, so that a backfilled day gets its models when a live one would.
        to_fit = CHUNK if state.fit_point is None else state.fit_point - state.clean
        return max(1, min(CHUNK, to_fit))

    def _judge_late(self, state: SourceState, rows: Sequence[Row], tally: Tally) -> None:
        judged_before = self.keeper.judged_before(rows)
        repeats = [row for row in rows if row.reading.id in judged_before]
        self.keeper.drop_judged(self.source, repeats)
        tally.repeated += len(repeats)
        waiting = [row for row in rows if row.reading.id not in judged_before]
        while waiting and not self.stopped():
            window = self._late_window(state, waiting)
            inside = {row.entry_id for row in window if row.entry_id}
            chunk, waiting = (
                [row for row in waiting if row.entry_id in inside],
                [row for row in waiting if row.entry_id not in inside],
            )
            self._judge_late_chunk(state, window, chunk, tally)

    def _late_window(self, state: SourceState, late: Sequence[Row]) -> list[Row]:
        """Up to 60 readings before the first late one, and up to 60 from it on; ours carry their entry."""
        since = late[0].ms
        before = self.readings.window(self.source, 0, since - 1, MOST_READINGS - CHUNK)
        after = self.readings.windows.read_on(self.source, since, CHUNK)
        valid = valid_rows([*before, *after], source=self.source, registry=state.registry, now=self.clock())
        rows = {ms: Row("", ms, reading, payload, "live") for ms, payload, reading in valid}
        rows |= {row.ms: row for row in late[:CHUNK]}
        ordered = [rows[ms] for ms in sorted(rows)]
        first = ordered.index(late[0])
        return [*ordered[:first], *_bounded(ordered[first : first + CHUNK])]

    def _judge_late_chunk(
        self, state: SourceState, window: Sequence[Row], chunk: Sequence[Row], tally: Tally
    ) -> None:
        """Judge late readings from their window with empty memory; memory and model stay as they are."""
        assert state.newest_ms is not None  # noqa: S101 - late means: before what was judged
        first = window.index(chunk[0])
        try:
            judged = judge_rows(
                self.detectors,
                self.source,
                [row.payload for row in window[:first]],
                window[first:],
                {},
                late=True,
                now=self.clock(),
            )
        except AnomalyctlError as error:
            if may_heal(error):
                raise
            if len(chunk) == 1:
                self._refuse_judged(state, chunk[0], error, tally)
                return
            for row in chunk:
                self._judge_late_chunk(state, window[: window.index(row) + 1], [row], tally)
            return
        wanted = {row.reading.id for row in chunk}
        documents = [document for document in judged.documents if document["id"] in wanted]
        self.keeper.keep(
            self.source, chunk, documents, newest_ms=state.newest_ms, memories=None, lease=self.lease
        )
        tally.judged += len(chunk)
        tally.late += len(chunk)
        tally.anomalous += sum(document["final_status"] == ANOMALY for document in documents)

    def _refuse_judged(
        self,
        state: SourceState,
        row: Row,
        error: AnomalyctlError,
        tally: Tally,
        *,
        others: Sequence[Row] = (),
    ) -> None:
        """Make a dead letter of a reading, unless the detectors refuse others too: then they are at fault."""
        neighbours = [other.payload for other in others if other is not row]
        if not self._accepts_any([*list(state.context)[-1:], *neighbours[:_NEIGHBOURS]]):
            raise Transient(f"The detectors refuse whatever they are sent: {error.message}") from error
        entry = QueueEntry(row.entry_id, self.source, row.payload, row.origin)
        reason = f"no detector could judge it: {error.message}"
        self.keeper.refuse(self.source, [Refusal(entry, reason, str(error.details.get("field", "")))])
        tally.refused += 1

    def _accepts_any(self, payloads: Sequence[bytes]) -> bool:
        return any(self.detectors.judge_all(self.source, [each], {}, last=1).by_tier for each in payloads)


def _bounded(rows: Sequence[Row]) -> Sequence[Row]:
    """As many of the first rows as one request holds; at least one."""
    room = MOST_BYTES
    for count, row in enumerate(rows):
        room -= len(row.payload)
        if room < 0:
            return rows[: max(1, count)]
    return rows


def _wait(writing: Future[None] | None) -> None:
    if writing is not None:
        writing.result()
