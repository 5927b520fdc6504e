"""Which episode an occurrence belongs to, and what it changes there. Pure: documents in, documents out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from anomalyctl.telemetry.times import format_time, from_epoch_ms
from anomalyctl.triage.counted import CountedReadings
from anomalyctl.triage.occurrences import Occurrence, worse

GAP_MS: Final = 10 * 60 * 1000
"""Occurrences this close belong together; after so long without one an episode is quiet."""

LEAST_SHARE: Final = 0.05
"""A tag with less of an episode is moved by the fault, not part of it: it joins nothing and is not listed.
Without this bound a few per cent of noise on some tag would keep every episode alive for hours."""

Document = dict[str, Any]


@dataclass
class Candidate:
    """An episode while occurrences are being counted into it."""

    document: Document
    is_new: bool = False
    added: int = 0
    counted: CountedReadings = field(init=False)
    before: Document = field(init=False)

    def __post_init__(self) -> None:
        self.counted = CountedReadings.from_text(self.document.get("counted", ""))
        self.before = deepcopy(self.document)

    @property
    def is_open(self) -> bool:
        """Only open episodes count; the others just say what was dealt with already."""
        return bool(self.document["status"] == "open")

    def covers(self, occurrence: Occurrence) -> bool:
        """Overlapping tags of weight, and near enough in time: up to 10 minutes around an open episode.

        What was resolved covers no later reading: a newer occurrence is news.
        """
        if self.document["source"] != occurrence.source or not _overlap(self.document, occurrence):
            return False
        reach = GAP_MS if self.is_open else 0
        first, last = self.document["first_ms"], self.document["last_ms"]
        return bool(first - GAP_MS <= occurrence.ms <= last + reach)

    def add(self, occurrence: Occurrence) -> None:
        """Count a reading, once; a repeat with a graver verdict still escalates."""
        document = self.document
        if occurrence.ms not in self.counted:
            self.counted.add(occurrence.ms)
            self.added += 1
            _average_shares(document, occurrence)
            document["occurrences"] += 1
            document["first_ms"] = min(document["first_ms"], occurrence.ms)
            document["last_ms"] = max(document["last_ms"], occurrence.ms)
            document["last_seen"] = format_time(from_epoch_ms(document["last_ms"]))
        document["severity_level"] = worse(document["severity_level"], occurrence.severity)
        document["confidence"] = max(document["confidence"], occurrence.confidence)
        opening = document["reading"]["id"] == occurrence.document["id"]
        for tag, text in occurrence.contexts.items():
            # Its numbers are those of its own reading, not of the one that opened the episode.
            when = "" if opening else f"At {from_epoch_ms(occurrence.ms):%H:%M:%S} UTC: "
            document["contexts"].setdefault(tag, when + text)
        document["tags"] = _weighty(document["shares"]) or list(occurrence.tags[:1])

    def finished(self) -> Document:
        """The document with what was counted written into it."""
        if self.added:
            self.document["counted"] = self.counted.to_text()
        return self.document

    def operations(self) -> list[dict[str, Any]]:
        """Patch operations from what was read to what is now; at most 10, as Cosmos DB allows."""
        return [
            {"op": "set", "path": f"/{key}", "value": value}
            for key, value in self.finished().items()
            if self.before.get(key) != value
        ]


def count(occurrences: Iterable[Occurrence], episodes: Sequence[Document]) -> list[Candidate]:
    """Count occurrences, in the order given, into episodes of their source; open what has no place.

    The oldest episode that covers a reading takes it. Returns the episodes that changed.
    """
    candidates = [Candidate(deepcopy(document)) for document in episodes]
    for occurrence in occurrences:
        candidates.sort(key=lambda each: (each.document["first_ms"], each.document["anomaly_id"]))
        place = _counted_in(candidates, occurrence) or next(
            (each for each in candidates if each.covers(occurrence)), None
        )
        if place is None:
            place = Candidate(new_episode(occurrence), is_new=True)
            candidates.append(place)
        if place.is_open:
            place.add(occurrence)
    return [each for each in candidates if each.is_new or each.operations()]


def new_episode(occurrence: Occurrence) -> Document:
    """The document of an episode that this reading opens, with nothing counted yet."""
    timestamp = format_time(from_epoch_ms(occurrence.ms))
    return {
        "id": occurrence.anomaly_id,
        "anomaly_id": occurrence.anomaly_id,
        "detected_at": timestamp,
        "severity_level": occurrence.severity,
        "assigned_to": "",
        "status": "open",
        "source": occurrence.source,
        "revision": 0,
        "signature": occurrence.signature,
        "tags": list(occurrence.tags),
        "shares": {},
        "confidence": occurrence.confidence,
        "occurrences": 0,
        "first_ms": occurrence.ms,
        "last_ms": occurrence.ms,
        "last_seen": timestamp,
        "contexts": dict(occurrence.contexts),
        "reading": {
            "id": occurrence.document["id"],
            "timestamp": occurrence.document["timestamp"],
            "values": occurrence.document.get("raw_data") or {},
        },
        "counted": "",
        "history": [],
    }


def _counted_in(candidates: Sequence[Candidate], occurrence: Occurrence) -> Candidate | None:
    return next(
        (
            each
            for each in candidates
            if each.document["source"] == occurrence.source and occurrence.ms in each.counted.times
        ),
        None,
    )


def _overlap(document: Document, occurrence: Occurrence) -> bool:
    return not set(document["tags"]).isdisjoint(_weighty(occurrence.shares) or occurrence.tags[:1])


def _weighty(shares: Mapping[str, float]) -> list[str]:
    """Tags with at least `LEAST_SHARE`, the largest first."""
    chosen = [tag for tag, share in shares.items() if share >= LEAST_SHARE]
    return sorted(chosen, key=lambda tag: (-shares[tag], tag))


def _average_shares(document: Document, occurrence: Occurrence) -> None:
    """Shares of an episode are the mean of its readings' shares; a tag that was normal has 0 there."""
    already = document["occurrences"]
    tags = dict.fromkeys([*document["shares"], *occurrence.tags])
    document["shares"] = {
        tag: round(
            (document["shares"].get(tag, 0.0) * already + occurrence.shares.get(tag, 0.0)) / (already + 1), 6
        )
        for tag in tags
    }
