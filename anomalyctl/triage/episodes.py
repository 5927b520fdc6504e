"""Episodes: anomalous readings of one source that belong together, each counted once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from anomalyctl.errors import InvalidInput, NotFound, Transient
from anomalyctl.stores.cosmos_errors import Conflict
from anomalyctl.triage.counting import GAP_MS, Candidate, Document, count
from anomalyctl.triage.occurrences import Occurrence, occurrence_of

VALID_S: Final = 30.0
_ROUNDS: Final = 20
"""How often a batch is counted anew because an operator changed an episode meanwhile."""


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """What counting a batch did to one episode."""

    anomaly_id: str
    kind: Literal["opened", "joined"]
    source: str
    severity_level: str
    tags: tuple[str, ...]
    occurrences: int
    """Of the episode so far."""
    added: int
    """Of them, counted just now; 0 when a repeated reading only raised the severity."""


class EpisodeDocuments(Protocol):
    """What is needed of `stores.anomalies.AnomalyStore`."""

    def episodes_since(self, source: str, last_ms: int) -> list[Document]:
        """Open, closing and resolved episodes seen at `last_ms` or later, oldest first."""

    def create_unresolved(self, document: Document) -> Document:
        """Add an episode; raises `Conflict` when its id is taken."""

    def patch_unresolved(self, document: Document, operations: list[dict[str, Any]]) -> Document:
        """Patch under the etag; raises `Conflict` or `NotFound`."""


class Episodes:
    """Counts verdict documents into episodes. One per process; sources may be recorded side by side.

    Normal verdicts cost nothing. An anomalous reading that joins a known episode costs one patch: the
    episodes of a source are remembered for `valid_s` seconds, and etags tell when one of them has changed.
    Only that another was reopened goes unseen for so long. `clock` gives seconds that only grow.
    """

    def __init__(
        self,
        store: EpisodeDocuments,
        *,
        valid_s: float = VALID_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._valid_s = valid_s
        self._clock = clock
        self._known: dict[str, dict[str, Document]] = {}
        self._read_at: dict[str, float] = {}

    def record(self, documents: Iterable[Mapping[str, Any]]) -> list[EpisodeChange]:
        """Count documents of `anomaly_results`, of one source and in time order; may be repeated.

        Raises `InvalidInput` for more than one source, `Transient` when operators keep changing the same
        episodes, and what the store raises; whatever was counted by then stays counted once.
        """
        occurrences = [found for document in documents if (found := occurrence_of(document))]
        if not occurrences:
            return []
        sources = {occurrence.source for occurrence in occurrences}
        if len(sources) > 1:
            raise InvalidInput(f"One source at a time, not {', '.join(sorted(sources))}.", field="source")
        changes: dict[str, EpisodeChange] = {}
        for _ in range(_ROUNDS):
            try:
                self._count(occurrences, changes)
            except (Conflict, NotFound):
                self._known.pop(occurrences[0].source, None)
            else:
                return list(changes.values())
        raise Transient(
            f"The episodes of {occurrences[0].source} were changed by others {_ROUNDS} times in a row.",
            hint="Try again.",
        )

    def forget(self, sources: Iterable[str]) -> None:
        """Ask for the episodes of these sources anew: somebody else may have counted what comes now, and into
        another of them, had another verdict.
        """
        for source in sources:
            self._known.pop(source, None)

    def _count(self, occurrences: list[Occurrence], changes: dict[str, EpisodeChange]) -> None:
        source = occurrences[0].source
        fresh = self._clock() - self._read_at.get(source, float("-inf")) < self._valid_s
        known = self._known.get(source) if fresh else None
        changed = count(occurrences, list(known.values())) if known else None
        if changed is None or any(candidate.is_new for candidate in changed):
            # Before anything is opened, look at what there is: another process may have opened it.
            known = self._read(source, occurrences)
            changed = count(occurrences, list(known.values()))
        self._known[source] = known or {}
        for candidate in changed:
            stored = self._write(candidate)
            self._known[source][stored["anomaly_id"]] = stored
            _note(changes, candidate, stored)
        self._forget(source, occurrences[-1].ms)

    def _read(self, source: str, occurrences: list[Occurrence]) -> dict[str, Document]:
        earliest = min(occurrence.ms for occurrence in occurrences)
        self._read_at[source] = self._clock()
        return {
            document["anomaly_id"]: document
            for document in self._store.episodes_since(source, earliest - GAP_MS)
        }

    def _write(self, candidate: Candidate) -> Document:
        if candidate.is_new:
            return self._store.create_unresolved(candidate.finished())
        return self._store.patch_unresolved(candidate.before, candidate.operations())

    def _forget(self, source: str, newest_ms: int) -> None:
        # What is not remembered is asked for again, so this bounds memory and loses nothing.
        self._known[source] = {
            anomaly_id: document
            for anomaly_id, document in self._known[source].items()
            if document["last_ms"] >= newest_ms - 2 * GAP_MS
        }


def _note(changes: dict[str, EpisodeChange], candidate: Candidate, stored: Document) -> None:
    """Add what this round wrote to what earlier rounds of the same call wrote."""
    earlier = changes.get(stored["anomaly_id"])
    opened = candidate.is_new or (earlier is not None and earlier.kind == "opened")
    changes[stored["anomaly_id"]] = EpisodeChange(
        anomaly_id=stored["anomaly_id"],
        kind="opened" if opened else "joined",
        source=stored["source"],
        severity_level=stored["severity_level"],
        tags=tuple(stored["tags"]),
        occurrences=stored["occurrences"],
        added=candidate.added + (earlier.added if earlier else 0),
    )
