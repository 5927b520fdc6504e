"""One source's part of a batch: its fresh readings in their own time order, then its late ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from anomalyctl.errors import AnomalyctlError, Transient
from anomalyctl.observability.bound import about_readings, bind
from anomalyctl.pipeline.blame import refuse_or_raise
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.pipeline.intake import Intake, Row, sort_out
from anomalyctl.pipeline.judging import Judged, judge_rows, may_heal
from anomalyctl.pipeline.late_readings import judge_late
from anomalyctl.pipeline.passage import Passage
from anomalyctl.pipeline.source_parts import CHUNK, SourceParts, SourceState, bounded
from anomalyctl.pipeline.tally import Tally
from anomalyctl.resilience.manner import in_background
from anomalyctl.stores.readings.queue import QueueEntry

logger = logging.getLogger(__name__)


class SourceRun:
    """Judges one source's entries; a new one for each drain."""

    def __init__(self, parts: SourceParts) -> None:
        self.parts = parts
        self.state: SourceState | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="keeper")

    def process(self, entries: Sequence[QueueEntry]) -> Tally:
        """Judge, keep and acknowledge; what is not acknowledged at the end stays pending.

        Raises what may heal by itself (Transient, TimedOut, SignInFailed, LostRace); a reading that no
        detector can judge becomes a dead letter instead.
        """
        window_since_ns = time.time_ns() if self.state is None else None
        state = self.state or self.parts.load_state()
        intake = sort_out(
            entries,
            source=self.parts.source,
            registry=state.registry,
            as_of=state.newest_ms,
            now=self.parts.clock(),
        )
        tally = Tally()
        try:
            self._clear_away(intake, tally)
            self._judge_fresh(state, intake.fresh, tally, window_since_ns)
            judge_late(self.parts, state, intake.late, tally)
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

    def _clear_away(self, intake: Intake, tally: Tally) -> None:
        with in_background():
            self.parts.keeper.refuse(self.parts.source, intake.refused)
        fresh = {row.ms for row in intake.fresh}
        repeats = [(row, first) for row, first in intake.repeats if first.ms in fresh]
        self.parts.keeper.drop_repeats(self.parts.source, repeats)
        tally.refused += len(intake.refused)
        tally.repeated += len(repeats)

    def _drop_late_repeats(self, intake: Intake, tally: Tally) -> None:
        late = {row.ms for row in intake.late}
        repeats = [row for row, first in intake.repeats if first.ms in late]
        if repeats and not self.parts.stopped():
            self.parts.keeper.drop_judged(self.parts.source, repeats)
            tally.repeated += len(repeats)

    def _judge_fresh(
        self, state: SourceState, rows: Sequence[Row], tally: Tally, window_since_ns: int | None
    ) -> None:
        writing: Future[None] | None = None
        start = 0
        try:
            while start < len(rows) and not self.parts.stopped():
                chunk = bounded(rows[start : start + self._chunk_size(state)])
                start += len(chunk)
                passage = Passage(self.parts.source, chunk, window_since_ns=window_since_ns)
                window_since_ns = None
                try:
                    with passage.active():
                        judged = self._judge_or_refuse(state, chunk, tally)
                    for _, part in judged:
                        passage.found(part.documents)
                    # The next chunk is judged while this one is written, never more than one ahead.
                    _wait(writing)
                except BaseException as error:
                    passage.end(error)
                    raise
                writing = self._write(state, judged, tally, passage)
                if state.fit_point is not None and state.clean >= state.fit_point:
                    _wait(writing)
                    self._fit_if_due(state, tally)
        finally:
            _wait(writing)

    def _judge_or_refuse(
        self, state: SourceState, chunk: Sequence[Row], tally: Tally, *, others: Sequence[Row] = ()
    ) -> list[tuple[Sequence[Row], Judged]]:
        """Judge a chunk; where the detectors refuse it, halve it until the reading at fault stands alone."""
        source, ids = self.parts.source, [row.reading.id for row in chunk]
        try:
            with bind(**about_readings(source, ids)):
                judged = judge_rows(
                    self.parts.detectors,
                    source,
                    state.context,
                    chunk,
                    state.memories,
                    late=False,
                    now=self.parts.clock(),
                )
        except AnomalyctlError as error:
            if may_heal(error):
                raise
            if len(chunk) > 1:
                half, known = len(chunk) // 2, others or chunk
                first = self._judge_or_refuse(state, chunk[:half], tally, others=known)
                return first + self._judge_or_refuse(state, chunk[half:], tally, others=known)
            refuse_or_raise(self.parts, state, chunk[0], error, others=others)
            tally.refused += 1
            return []
        state.memories.update(judged.memories)
        state.context.extend(row.payload for row in chunk)
        state.newest_ms = chunk[-1].ms
        return [(chunk, judged)]

    def _write(
        self, state: SourceState, parts: list[tuple[Sequence[Row], Judged]], tally: Tally, passage: Passage
    ) -> Future[None]:
        for rows, judged in parts:
            alarms = [document["final_status"] == ANOMALY for document in judged.documents]
            tally.judged += len(rows)
            tally.anomalous += sum(alarms)
            tally.late += sum(row.late for row in rows)
            state.clean += sum(
                self.parts.fitter.learns_from(simulated=row.origin == "simulated", alarmed=alarmed)
                for row, alarmed in zip(rows, alarms, strict=True)
            )
        return self._writer.submit(copy_context().run, self._keep, parts, passage)

    def _keep(self, parts: list[tuple[Sequence[Row], Judged]], passage: Passage) -> None:
        try:
            with passage.active():
                for rows, judged in parts:
                    self.parts.keeper.keep(
                        self.parts.source,
                        rows,
                        judged.documents,
                        newest_ms=rows[-1].ms,
                        memories=judged.memories,
                        lease=self.parts.lease,
                    )
        except BaseException as error:
            passage.end(error)
            raise
        passage.end()

    def _fit_if_due(self, state: SourceState, tally: Tally) -> None:
        assert state.newest_ms is not None  # noqa: S101 - a fit point lies behind a judged reading
        # What was judged since may have shown that earlier readings belong to a fault.
        state.clean = self.parts.fitter.clean_rows(self.parts.source, state.newest_ms)
        if state.fit_point is None or state.clean < state.fit_point:
            return
        try:
            with in_background():
                fit = self.parts.fitter.fit(self.parts.source, state.newest_ms)
        except Transient as error:
            # Redis may be full; judging goes on with the model that there is, and makes room.
            logger.warning("%s: no new model now: %s", self.parts.source, error.message)
            state.fit_point = state.clean + CHUNK
            return
        tally.fitted += fit.version is not None
        state.fit_point = self.parts.fitter.next_point(self.parts.source)

    def _chunk_size(self, state: SourceState) -> int:
        # A chunk ends where a fit is due, so that a backfilled day gets its models when a live one would.
        to_fit = CHUNK if state.fit_point is None else state.fit_point - state.clean
        return max(1, min(CHUNK, to_fit))


def _wait(writing: Future[None] | None) -> None:
    if writing is not None:
        writing.result()
