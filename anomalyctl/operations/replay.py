"""Run kept readings through the detectors again and count what they say; nothing is written unless asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_readings import Kept, KeptReading, kept_readings, kept_sources
from anomalyctl.pipeline.documents import ANOMALY, verdict_document
from anomalyctl.telemetry.readings import DEFAULT_SOURCE
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.verdicts import ANOMALY as TAG_ANOMALY
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict
from anomalyctl.triage.episodes import Episodes

if TYPE_CHECKING:
    from anomalyctl.operations.replay_resuming import ReplayBookmark

MOST_READINGS: Final = 8_640
"""As many as one call of the detectors takes."""
WRITE_READINGS: Final = 480
"""Fewer at a time when full documents come back."""
MOST_BYTES: Final = 48 * 1024 * 1024
"""Of payloads in one call; the detectors take 64 MB."""
WARM_UP: Final = 120
"""Readings before the span, so that its first ones are judged as they were in passing."""
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class TierCount:
    """What one tier said."""

    tier: str
    normal: int
    anomaly: int


@dataclass(frozen=True, slots=True)
class ReplayedAnomaly:
    """One anomalous reading."""

    reading_id: str
    timestamp: str
    severity: str
    confidence: float
    tags: tuple[str, ...]
    """Largest share first."""


@dataclass(frozen=True, slots=True)
class SourceReplay:
    """What came of one source."""

    source: str
    readings: int
    from_window: int
    """Read from the 24 h window; the others from `anomaly_results`."""
    normal: int
    anomaly: int
    tiers: tuple[TierCount, ...]
    first_tags: dict[str, int]
    """How often a tag had the largest share, most frequent first."""
    anomalies: tuple[ReplayedAnomaly, ...]
    """The first twenty."""
    changed: int
    """Readings whose verdict is another than the one that is kept; those without one do not count."""
    written: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What the detectors say of a span today."""

    start: datetime
    end: datetime
    readings: int
    normal: int
    anomaly: int
    written: int
    sources: tuple[SourceReplay, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` (included) to `end` (not included), in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InvalidInput(
                "The span is empty: it ends before it starts.", field="--to", hint="swap --from and --to"
            )


def span_of(start: datetime | None, end: datetime | None, last: timedelta | None, now: datetime) -> Span:
    """The span that was asked for: `last` up to now, or `start` to `end` (now unless told)."""
    if last is not None and (start is not None or end is not None):
        raise InvalidInput("--last goes without --from and --to.", field="--last")
    if last is not None and last <= timedelta(0):
        raise InvalidInput("--last must be longer than nothing.", field="--last", hint="Such as --last 1h.")
    if last is not None:
        return Span(now - last, now + timedelta(minutes=1))
    if start is None:
        raise InvalidInput("Say which span: --last 1h, or --from and --to.", field="--from")
    return Span(start.astimezone(UTC), (end or now + timedelta(minutes=1)).astimezone(UTC))


def replay(
    connections: Connections,
    span: Span,
    *,
    source: str | None = None,
    write: bool = False,
    now: datetime,
    pace: Pace | None = None,
    bookmark: ReplayBookmark | None = None,
    progress: Progress = SILENCE,
) -> Replay:
    """Judge every kept reading of the span again, in passes over whole windows.

    The passes are the same at each pace, and after an interruption: so are the verdicts. With a bookmark
    only what it has not passed is counted, and it is forgotten at the end.
    The model and the limits are today's; each pass starts from empty memory. With `write` the verdicts
    replace those that are kept, and count into episodes; memory and models stay as they are.
    Raises NotFound where nothing is kept, and what a detector raises: a tier left out would mislead.
    """
    sources = [source] if source else kept_sources(connections, span.start, span.end) or [DEFAULT_SOURCE]
    replays = []
    for each in sources:
        judged_ms = -1 if bookmark is None else bookmark.judged_until(each)
        if judged_ms is None:
            continue
        progress.step(f"Reading what is kept of {each}")
        kept = kept_readings(connections, each, span.start, span.end)
        if kept.readings:
            course = _Course(judged_ms, pace or Pace(), bookmark, progress)
            replays.append(_replay_source(connections, each, kept, course, write=write, now=now))
    if not replays:
        raise NotFound(
            f"Nothing is kept of {', '.join(sources)} between {span.start:%Y-%m-%d %H:%M} "
            f"and {span.end:%Y-%m-%d %H:%M} UTC.",
            hint=f"Widen the span. Sources: {', '.join(connections.readings.sources()) or 'none yet'}.",
        )
    if bookmark is not None:
        bookmark.forget()
    return Replay(
        start=span.start,
        end=span.end,
        readings=sum(each.readings for each in replays),
        normal=sum(each.normal for each in replays),
        anomaly=sum(each.anomaly for each in replays),
        written=sum(each.written for each in replays),
        sources=tuple(replays),
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """How one source is gone through: from where, how fast, and who is told."""

    judged_ms: int
    pace: Pace
    bookmark: ReplayBookmark | None
    progress: Progress

    def passed(self, source: str, reading: KeptReading, done: int, total: int) -> None:
        if self.bookmark is not None:
            self.bookmark.move(source, epoch_ms(reading.reading.timestamp))
        self.progress.advance(done, total, f"Judging {source}")


def _replay_source(
    connections: Connections, source: str, kept: Kept, course: _Course, *, write: bool, now: datetime
) -> SourceReplay:
    by_tier: dict[Tier, Counter[bool]] = {tier: Counter() for tier in TIERS}
    fused: Counter[bool] = Counter()
    first_tags: Counter[str] = Counter()
    anomalies: list[ReplayedAnomaly] = []
    changed = written = done = 0
    total = sum(epoch_ms(each.reading.timestamp) > course.judged_ms for each in kept.readings)
    for part, verdicts in _parts(connections, source, kept, course, full=write):
        documents = []
        for reading, of_reading in zip(part, verdicts, strict=True):
            document = verdict_document(
                reading.reading, of_reading, origin=reading.origin, late=reading.late, judged_at=now
            )
            documents.append(document)
            for tier, verdict in of_reading.items():
                by_tier[tier][_is_anomalous(verdict)] += 1
            anomalous = document["final_status"] == ANOMALY
            fused[anomalous] += 1
            changed += reading.status is not None and reading.status != document["final_status"]
            if anomalous:
                anomalies.append(_anomaly(document))
                first_tags.update(document["explanation"]["tags"][:1])
        if write:
            written += _write(connections, documents)
        done += len(part)
        course.passed(source, part[-1], done, total)
    return SourceReplay(
        source=source,
        readings=done,
        from_window=kept.from_window,
        normal=fused[False],
        anomaly=fused[True],
        tiers=tuple(TierCount(tier, by_tier[tier][False], by_tier[tier][True]) for tier in TIERS),
        first_tags=dict(first_tags.most_common(10)),
        anomalies=tuple(anomalies[:_SHOWN]),
        changed=changed,
        written=written,
    )


def _parts(
    connections: Connections, source: str, kept: Kept, course: _Course, *, full: bool
) -> Iterator[tuple[Sequence[KeptReading], list[dict[Tier, Verdict]]]]:
    course.pace.restart()
    for before, chunk in passes_of(kept, WRITE_READINGS if full else MOST_READINGS):
        passed = sum(epoch_ms(each.reading.timestamp) <= course.judged_ms for each in chunk)
        if passed == len(chunk):
            continue
        payloads = [each.payload for each in (*before, *chunk)]
        answers = connections.detectors.judge_all(source, payloads, {}, last=None, full=full)
        for failure in answers.failures.values():
            raise failure
        skipped = len(before) + passed
        per_tier = {tier: answer.verdicts[skipped:] for tier, answer in answers.by_tier.items()}
        rest = chunk[passed:]
        rows = [{tier: verdicts[row] for tier, verdicts in per_tier.items()} for row in range(len(rest))]
        for part in course.pace.parts(rest):
            yield rest[part], rows[part]


def passes_of(
    kept: Kept, most_readings: int = MOST_READINGS
) -> Iterator[tuple[Sequence[KeptReading], Sequence[KeptReading]]]:
    """What one call of the detectors takes at a time: the readings that warm it up, and those it judges."""
    readings: Sequence[KeptReading] = kept.readings
    start = 0
    while start < len(readings):
        before = kept.before if start == 0 else readings[max(0, start - WARM_UP) : start]
        chunk = _within_bytes(readings[start : start + most_readings - WARM_UP], MOST_BYTES - _bytes(before))
        yield before, chunk
        start += len(chunk)


def _within_bytes(readings: Sequence[KeptReading], room: int) -> Sequence[KeptReading]:
    """As many of them as one request holds, at least one: a wide plant's day is several requests."""
    for position, each in enumerate(readings):
        room -= len(each.payload)
        if room < 0 and position:
            return readings[:position]
    return readings


def _bytes(readings: Sequence[KeptReading]) -> int:
    return sum(len(each.payload) for each in readings)


def _write(connections: Connections, documents: list[dict[str, Any]]) -> int:
    days: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        days.setdefault(str(document["source_day"]), []).append(document)
    written = sum(connections.anomalies.upsert_verdicts(day, group) for day, group in days.items())
    Episodes(connections.anomalies).record(documents)
    return written


def _is_anomalous(verdict: Verdict) -> bool:
    if verdict["method"] == "ml":
        return verdict["results"]["status"] == TAG_ANOMALY
    return any(result["status"] == TAG_ANOMALY for result in verdict["results"].values())


def _anomaly(document: dict[str, Any]) -> ReplayedAnomaly:
    explanation = document["explanation"]
    return ReplayedAnomaly(
        reading_id=document["id"],
        timestamp=document["timestamp"],
        severity=explanation["severity"] or "low",
        confidence=document["overall_confidence"],
        tags=tuple(explanation["tags"]),
    )
