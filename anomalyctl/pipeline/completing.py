"""Verdicts from a time when a tier was down: the tier judges them once it is back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from anomalyctl.errors import AnomalyctlError, Transient
from anomalyctl.observability.bound import about, about_readings, bind
from anomalyctl.observability.traces import Trace
from anomalyctl.pipeline.detectors import MOST_BYTES, MOST_READINGS
from anomalyctl.pipeline.documents import verdict_document
from anomalyctl.pipeline.intake import valid_rows
from anomalyctl.pipeline.judging import Detectors, may_heal
from anomalyctl.pipeline.keeping import Keeper
from anomalyctl.pipeline.sharing_out import has_arrived
from anomalyctl.pipeline.source_parts import CHUNK
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.times import format_time
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

logger = logging.getLogger(__name__)

Document = dict[str, Any]
_MOST_CHUNKS: Final = 20
"""Of one source in one go; readings that just came are more urgent."""


def complete(
    readings: ReadingStore,
    detectors: Detectors,
    keeper: Keeper,
    *,
    clock: Callable[[], datetime],
    stopped: Callable[[], bool],
    arrived: Callable[[str], None] = lambda source: None,
) -> int:
    """Have missing tiers judge what they missed, as far as they are back; returns how many verdicts.

    A reading is judged from its window with empty memory, as a late one is; what the other tiers said stays.
    For the holder of the lease alone. `arrived` is told of each source that has moved to its queue.
    """
    done = 0
    for source in _sources(readings, arrived):
        for _ in range(_MOST_CHUNKS):
            times = readings.windows.incomplete(source, CHUNK)
            if not times or stopped():
                break
            trace = Trace("complete verdicts", source=source, readings=len(times))
            try:
                with bind(**about_readings(source, [f"{source}:{ms}" for ms in times])), trace.active():
                    done += _complete_chunk(readings, detectors, keeper, source, times, clock())
                trace.end()
            except AnomalyctlError as error:
                # Nothing failed that did not fail before: no reason to keep the trace.
                trace.end()
                with bind(**about(error)):
                    logger.info("%s: verdicts stay incomplete: %s", source, error.message)
                if not may_heal(error):
                    readings.windows.completed(source, times)
                break
    if done:
        logger.info("completed %d verdicts that had lacked a tier", done)
    return done


def _sources(readings: ReadingStore, arrived: Callable[[str], None]) -> list[str]:
    """Those with incomplete verdicts whose place is this queue, and no other's any more."""
    sources = readings.windows.incomplete_sources()
    found: list[str] = []
    for source, place in readings.places.of(sources).items():
        if place.queue != readings.queue.number:
            continue
        if place.before is not None:
            # It may have moved with the last reading that it ever sent.
            if not has_arrived(readings, source, place):
                continue
            arrived(source)
        found.append(source)
    return found


def _complete_chunk(
    readings: ReadingStore,
    detectors: Detectors,
    keeper: Keeper,
    source: str,
    times: list[int],
    now: datetime,
) -> int:
    since = times[0]
    rows = _window(readings, source, since, now)
    first = next((at for at, (ms, _, _) in enumerate(rows) if ms >= since), len(rows))
    inside = {ms: reading for ms, _, reading in rows[first:]}
    found = {ms: keeper.verdict(f"{source}:{ms}") for ms in times if ms in inside}
    lacking = {
        ms: document
        for ms, document in found.items()
        if document and document["explanation"]["tiers_missing"]
    }
    last_ms = rows[-1][0] if rows else times[-1]
    # What has no verdict to complete, or has left the window, will never be complete.
    readings.windows.completed(
        source, [ms for ms in times if ms not in lacking and ms <= max(last_ms, since)]
    )
    if not lacking:
        return 0
    answers = {
        tier: _answer(detectors, tier, source, [payload for _, payload, _ in rows], rows[first:])
        for tier in TIERS
        if any(tier in document["explanation"]["tiers_missing"] for document in lacking.values())
    }
    documents = {ms: _completed(lacking[ms], inside[ms], ms, answers, now) for ms in lacking}
    newest_ms = readings.newest_judged_ms(source)
    keeper.replace(source, documents, newest_ms=max(newest_ms or 0, *documents))
    return len(documents)


def _window(
    readings: ReadingStore, source: str, since: int, now: datetime
) -> list[tuple[int, bytes, Reading]]:
    before = readings.window(source, 0, since - 1, MOST_READINGS - CHUNK)
    after = readings.windows.read_on(source, since, CHUNK)
    valid = valid_rows([*before, *after], source=source, registry=readings.load_registry(source), now=now)
    # From the first incomplete one on as many as fit, then before it what room is left.
    room = MOST_BYTES
    kept: list[tuple[int, bytes, Reading]] = []
    for row in [*(row for row in valid if row[0] >= since), *(row for row in valid[::-1] if row[0] < since)]:
        room -= len(row[1])
        if room < 0:
            break
        kept.append(row)
    return sorted(kept, key=lambda row: row[0])


def _answer(
    detectors: Detectors,
    tier: Tier,
    source: str,
    payloads: list[bytes],
    judged: list[tuple[int, bytes, Reading]],
) -> dict[int, Verdict]:
    answer = detectors.judge(tier, source, payloads, None, last=len(judged), late=True)
    if len(answer.verdicts) != len(judged):
        raise Transient(
            f"The {tier} detector gave {len(answer.verdicts)} verdicts on {len(judged)} readings."
        )
    return {ms: verdict for (ms, _, _), verdict in zip(judged, answer.verdicts, strict=True)}


def _completed(
    document: Document,
    reading: Reading,
    ms: int,
    answers: Mapping[Tier, Mapping[int, Verdict]],
    now: datetime,
) -> Document:
    missing = document["explanation"]["tiers_missing"]
    verdicts = {tier: answers[tier][ms] if tier in missing else document[tier] for tier in TIERS}
    fresh = verdict_document(
        reading,
        verdicts,
        origin=document["origin"],
        late=document["explanation"]["late"],
        judged_at=now,
        trace_id=document["explanation"].get("trace_id"),
    )
    fresh["judged_at"] = document["judged_at"]
    fresh["explanation"] |= {"completed_at": format_time(now), "completed": list(missing)}
    return fresh
