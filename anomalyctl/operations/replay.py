"""Run kept readings through the detectors again and count what they say; nothing is written unless asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import NotFound
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.replay_counting import Replay, SourceTally
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_passes import MOST_READINGS, Pass, in_order, passes
from anomalyctl.operations.replay_readings import KeptReading, kept_sources
from anomalyctl.operations.replay_spans import Span
from anomalyctl.pipeline.documents import verdict_document
from anomalyctl.telemetry.readings import DEFAULT_SOURCE
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.verdicts import Tier, Verdict
from anomalyctl.triage.episodes import Episodes

if TYPE_CHECKING:
    from anomalyctl.operations.replay_resuming import ReplayBookmark

WRITE_READINGS: Final = 480
"""Fewer at a time when full documents come back."""


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
    """Judge every kept reading of the span again, in passes over whole windows, several at once.

    The passes are the same at each pace, and after an interruption: so are the verdicts, which are counted
    in the readings' order. With a bookmark only what it has not passed is counted, and it is forgotten at
    the end.
    The model and the limits are today's; each pass starts from empty memory. With `write` the verdicts
    replace those that are kept, and count into episodes; memory and models stay as they are.
    Raises NotFound where nothing is kept, and what a detector raises: a tier left out would mislead.
    """
    sources = [source] if source else kept_sources(connections, span.start, span.end) or [DEFAULT_SOURCE]
    every = passes(
        connections,
        sources,
        span,
        bookmark=bookmark,
        progress=progress,
        most_readings=WRITE_READINGS if write else MOST_READINGS,
    )
    tallies: dict[str, SourceTally] = {}
    pace = pace or Pace()
    for each, verdicts in in_order(lambda each: _judged(connections, each, full=write), every):
        if each.source not in tallies:
            pace.restart()
            tallies[each.source] = SourceTally(each.source, each.kept.from_window)
        tally = tallies[each.source]
        for part in pace.parts(each.rest):
            documents = _count(tally, each.rest[part], verdicts[part], now)
            if write:
                tally.written += _write(connections, documents)
            if bookmark is not None and documents:
                bookmark.move(each.source, epoch_ms(each.rest[part][-1].reading.timestamp))
            progress.advance(tally.readings, each.total, f"Judging {each.source}")
    if not tallies:
        raise _nothing_kept(connections, sources, span)
    if bookmark is not None:
        bookmark.forget()
    told = tuple(tally.told() for tally in tallies.values())
    return Replay(
        start=span.start,
        end=span.end,
        readings=sum(each.readings for each in told),
        normal=sum(each.normal for each in told),
        anomaly=sum(each.anomaly for each in told),
        written=sum(each.written for each in told),
        sources=told,
    )


def _judged(connections: Connections, each: Pass, *, full: bool) -> list[dict[Tier, Verdict]]:
    """What each tier says of the readings that count, one by one."""
    if not each.rest:
        return []
    payloads = [reading.payload for reading in each.asked]
    answers = connections.detectors.judge_all(each.source, payloads, {}, last=None, full=full)
    for failure in answers.failures.values():
        raise failure
    first = len(payloads) - len(each.rest)
    per_tier = {tier: answer.verdicts[first:] for tier, answer in answers.by_tier.items()}
    return [{tier: verdicts[row] for tier, verdicts in per_tier.items()} for row in range(len(each.rest))]


def _count(
    tally: SourceTally,
    readings: Sequence[KeptReading],
    verdicts: Sequence[dict[Tier, Verdict]],
    now: datetime,
) -> list[dict[str, Any]]:
    documents = []
    for reading, of_reading in zip(readings, verdicts, strict=True):
        document = verdict_document(
            reading.reading, of_reading, origin=reading.origin, late=reading.late, judged_at=now
        )
        tally.count(reading, of_reading, document)
        documents.append(document)
    return documents


def _write(connections: Connections, documents: list[dict[str, Any]]) -> int:
    days: dict[str, list[dict[str, Any]]] = {}
    for document in documents:
        days.setdefault(str(document["source_day"]), []).append(document)
    written = sum(connections.anomalies.upsert_verdicts(day, group) for day, group in days.items())
    Episodes(connections.anomalies).record(documents)
    return written


def _nothing_kept(connections: Connections, sources: Sequence[str], span: Span) -> NotFound:
    return NotFound(
        f"Nothing is kept of {', '.join(sources)} between {span.start:%Y-%m-%d %H:%M} "
        f"and {span.end:%Y-%m-%d %H:%M} UTC.",
        hint=f"Widen the span. Sources: {', '.join(connections.readings.sources()) or 'none yet'}.",
    )
