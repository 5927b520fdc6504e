"""Write what was judged, in the one order in which every step may be repeated."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from anomalyctl.errors import Transient
from anomalyctl.observability.bound import about_readings, bind
from anomalyctl.observability.traces import span
from anomalyctl.pipeline.dead_letters import failed_again, is_letter_of, new_letter
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.pipeline.figures import PipelineFigures
from anomalyctl.pipeline.intake import Refusal, Row, reading_id_of
from anomalyctl.resilience.manner import in_background
from anomalyctl.stores.leases import Lease
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.dead_letters import DeadLetter, payload_text
from anomalyctl.telemetry.verdicts import Memory, Tier

logger = logging.getLogger(__name__)

Document = dict[str, Any]


class VerdictKeeper(Protocol):
    """What is needed of `AnomalyStore`."""

    def upsert_verdicts(self, source_day: str, documents: Sequence[Document]) -> int:
        """Write documents of one day of one source, idempotent by id."""

    def existing_ids(self, source_day: str, ids: Iterable[str]) -> set[str]:
        """Which readings have a verdict."""

    def verdict(self, reading_id: str) -> Document | None:
        """One verdict."""

    def add_dead_letters(self, documents: Sequence[Document]) -> None:
        """Keep refused readings; those that are there stay as they are."""

    def dead_letter(self, letter_id: str) -> Document | None:
        """One letter."""

    def change_dead_letter(self, document: Document, changes: Mapping[str, Any]) -> Document:
        """Change a letter under its etag; raises LostRace or NotFound."""

    def forget_dead_letter(self, letter_id: str) -> bool:
        """Remove a letter whose reading has its verdict."""


class EpisodeCounter(Protocol):
    """What is needed of `triage.episodes.Episodes`."""

    def record(self, documents: Iterable[Mapping[str, Any]]) -> Any:
        """Count verdicts of one source into episodes, idempotent by reading id."""


class Keeper:
    """Verdict, episode, window, memory, acknowledgement: the acknowledgement last, always."""

    def __init__(
        self,
        readings: ReadingStore,
        verdicts: VerdictKeeper,
        episodes: EpisodeCounter,
        *,
        clock: Callable[[], datetime],
        figures: PipelineFigures | None = None,
    ) -> None:
        self._readings = readings
        self._verdicts = verdicts
        self._episodes = episodes
        self._clock = clock
        self._figures = figures or PipelineFigures()

    def keep(
        self,
        source: str,
        rows: Sequence[Row],
        documents: Sequence[Document],
        *,
        newest_ms: int,
        memories: Mapping[Tier, Memory] | None,
        lease: Lease,
    ) -> None:
        """Keep judged rows. Late ones have no `memories` and leave memory and model as they are.

        Of rows in order the memory says that they are done with, of late ones their verdict: that comes last
        of its kind, or what follows it would be left out by whoever goes on after a death in between.
        Raises LostRace when another drainer has taken over; what was written until then it writes again.
        """
        if memories:
            self._store(rows, documents)
        with span("count episodes", kind="client"):
            self._episodes.record(documents)
        with span("keep the window", kind="client"):
            self._keep_window(source, rows, documents, newest_ms)
        if not memories:
            self._store(rows, documents)
        if memories:
            with span("save the memory", kind="client"):
                self._readings.save_memory(source, memories, lease=lease)
        with span("acknowledge", kind="client", readings=len(rows)):
            self._done_with(rows)

    def _store(self, rows: Sequence[Row], documents: Sequence[Document]) -> None:
        with span("store the verdicts", kind="client", verdicts=len(documents)):
            self._upsert(documents)
        self._figures.stored((int(row.entry_id.partition("-")[0]) for row in rows), self._clock())

    def _upsert(self, documents: Sequence[Document]) -> None:
        for source_day, group in groupby(documents, key=lambda document: str(document["source_day"])):
            self._verdicts.upsert_verdicts(source_day, list(group))

    def _keep_window(
        self, source: str, rows: Sequence[Row], documents: Sequence[Document], newest_ms: int
    ) -> None:
        both = list(zip(rows, documents, strict=True))
        self._readings.windows.keep(
            source,
            [(row.ms, row.payload) for row in rows],
            newest_ms=newest_ms,
            simulated=[row.ms for row in rows if row.origin == "simulated"],
            alarmed=[row.ms for row, document in both if document["final_status"] == ANOMALY],
            incomplete=[row.ms for row, document in both if document["explanation"]["tiers_missing"]],
        )

    def replace(self, source: str, documents: Mapping[int, Document], *, newest_ms: int) -> None:
        """Write verdicts anew, by their time in ms, now that every tier has judged them."""
        ordered = [documents[ms] for ms in sorted(documents)]
        self._episodes.record(ordered)
        alarmed = [ms for ms, document in documents.items() if document["final_status"] == ANOMALY]
        self._readings.windows.keep(source, [], newest_ms=newest_ms, alarmed=alarmed)
        # Last, as of late ones: a verdict that lacks nothing is not completed again.
        self._upsert(ordered)
        self._readings.windows.completed(source, list(documents))

    def verdict(self, reading_id: str) -> Document | None:
        """The verdict that is kept of a reading."""
        return self._verdicts.verdict(reading_id)

    def refuse(self, source: str, refusals: Sequence[Refusal]) -> None:
        """Make dead letters of what may not enter, take it out of the window and acknowledge it."""
        if not refusals:
            return
        refusals = [self._without_a_strangers_letter(refusal) for refusal in refusals]
        fresh = [self._new_letter(refusal) for refusal in refusals if not refusal.entry.letter]
        self._verdicts.add_dead_letters(fresh)
        self._figures.letters_changed(len(fresh))
        for refusal in refusals:
            if refusal.entry.letter:
                self._note_another_failure(refusal)
        self._tell(source, refusals)
        self._show_at_a_glance(refusals)
        self._readings.windows.remove(source, [refusal.entry.payload for refusal in refusals])
        self._readings.queue.acknowledge([refusal.entry.id for refusal in refusals])

    def judged_before(self, rows: Sequence[Row]) -> set[str]:
        """Ids of the readings that have a verdict already."""
        found: set[str] = set()
        for source_day, group in groupby(rows, key=source_day_of):
            found |= self._verdicts.existing_ids(source_day, [row.reading.id for row in group])
        return found

    def drop_repeats(self, source: str, repeats: Sequence[tuple[Row, Row]]) -> None:
        """Acknowledge readings whose millisecond another of this batch took; that one stays in the window."""
        self._readings.windows.remove(
            source, [row.payload for row, first in repeats if row.payload != first.payload]
        )
        self._done_with([row for row, _ in repeats])

    def drop_judged(self, source: str, rows: Sequence[Row]) -> None:
        """Acknowledge readings that have a verdict; a payload that was not judged leaves the window."""
        self._readings.windows.remove(source, [row.payload for row in rows if self._is_another(source, row)])
        self._done_with(rows)

    def _done_with(self, rows: Sequence[Row]) -> None:
        """Their verdicts are stored: what was a dead letter is none any more."""
        with in_background():
            for row in rows:
                if row.letter:
                    self._forget_letter(row)
        self._readings.queue.acknowledge([row.entry_id for row in rows])

    def _forget_letter(self, row: Row) -> None:
        letter = self._verdicts.dead_letter(row.letter)
        if letter is not None:
            if not is_letter_of(letter, row.reading.source, row.payload):
                logger.warning("%s is no letter of %s and stays", row.letter, row.reading.source)
                return
            if self._verdicts.forget_dead_letter(row.letter):
                self._figures.letters_changed(-1)
        self._readings.dead_letters.remove(row.letter)

    def _without_a_strangers_letter(self, refusal: Refusal) -> Refusal:
        entry = refusal.entry
        if not entry.letter:
            return refusal
        letter = self._verdicts.dead_letter(entry.letter)
        if letter is None or is_letter_of(letter, entry.source, entry.payload):
            return refusal
        return replace(refusal, entry=replace(entry, letter=""))

    def _tell(self, source: str, refusals: Sequence[Refusal]) -> None:
        first = refusals[0]
        with bind(**about_readings(source, [reading_id_of(refusal.entry) for refusal in refusals])):
            logger.warning(
                "%s: %d readings became dead letters, the first because: %s",
                source,
                len(refusals),
                first.reason,
                extra={"letter_id": first.entry.letter_id},
            )

    def _show_at_a_glance(self, refusals: Sequence[Refusal]) -> None:
        try:
            for refusal in refusals:
                if refusal.entry.letter:
                    self._readings.dead_letters.remove(refusal.entry.letter)
            self._readings.dead_letters.add([_at_a_glance(refusal) for refusal in refusals])
        except Transient as error:
            # Redis may be full; what counts is in Cosmos DB, and nothing must wait for this.
            logger.warning("dead letters are not shown in Redis: %s", error.message)

    def _new_letter(self, refusal: Refusal) -> Document:
        return new_letter(
            refusal.entry, kind=refusal.kind, reason=refusal.reason, field=refusal.field, now=self._clock()
        )

    def _note_another_failure(self, refusal: Refusal) -> None:
        letter = self._verdicts.dead_letter(refusal.entry.letter)
        if letter is None:  # purged meanwhile, and here it is again
            self._verdicts.add_dead_letters([self._new_letter(refusal)])
            return
        changes = failed_again(
            letter,
            refusal.entry,
            kind=refusal.kind,
            reason=refusal.reason,
            field=refusal.field,
            now=self._clock(),
        )
        if changes:
            self._verdicts.change_dead_letter(letter, changes)

    def _is_another(self, source: str, row: Row) -> bool:
        beside = self._readings.window(source, row.ms, row.ms)
        if all(payload == row.payload for _, payload in beside):
            return False
        accepted = self._verdicts.verdict(row.reading.id)
        return accepted is not None and {**accepted["raw_data"], "timestamp": ""} != {
            "timestamp": "",
            **row.reading.values,
        }


def source_day_of(row: Row) -> str:
    """`<source>:<YYYY-MM-DD>` in UTC by the reading's own time."""
    return f"{row.reading.source}:{row.reading.timestamp:%Y-%m-%d}"


def _at_a_glance(refusal: Refusal) -> DeadLetter:
    entry, letter_id = refusal.entry, refusal.entry.letter_id
    return DeadLetter(
        id=letter_id,
        source=entry.source,
        origin=entry.origin,
        reason=refusal.reason,
        field=refusal.field,
        arrived_ms=int(letter_id.partition("-")[0]),
        payload=payload_text(entry.payload),
    )
