"""Readings that arrive after newer ones of their source were judged: memory and model stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anomalyctl.errors import AnomalyctlError
from anomalyctl.pipeline.blame import refuse_or_raise
from anomalyctl.pipeline.detectors import MOST_READINGS
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.pipeline.intake import Row, valid_rows
from anomalyctl.pipeline.judging import judge_rows, may_heal
from anomalyctl.pipeline.passage import Passage
from anomalyctl.pipeline.source_parts import CHUNK, SourceParts, SourceState, bounded
from anomalyctl.pipeline.tally import Tally


def judge_late(parts: SourceParts, state: SourceState, rows: Sequence[Row], tally: Tally) -> None:
    """Acknowledge what was judged before; judge the rest from its window, marked late."""
    judged_before = parts.keeper.judged_before(rows)
    repeats = [row for row in rows if row.reading.id in judged_before]
    parts.keeper.drop_judged(parts.source, repeats)
    tally.repeated += len(repeats)
    waiting = [row for row in rows if row.reading.id not in judged_before]
    while waiting and not parts.stopped():
        window = _late_window(parts, state, waiting)
        inside = {row.entry_id for row in window if row.entry_id}
        chunk, waiting = (
            [row for row in waiting if row.entry_id in inside],
            [row for row in waiting if row.entry_id not in inside],
        )
        _judge_chunk(parts, state, window[: window.index(chunk[-1]) + 1], chunk, tally)


def _late_window(parts: SourceParts, state: SourceState, late: Sequence[Row]) -> list[Row]:
    """Up to 60 readings before the first late one, and up to 60 from it on; ours carry their entry."""
    since = late[0].ms
    before = parts.readings.window(parts.source, 0, since - 1, MOST_READINGS - CHUNK)
    after = parts.readings.windows.read_on(parts.source, since, CHUNK)
    valid = valid_rows([*before, *after], source=parts.source, registry=state.registry, now=parts.clock())
    rows = {ms: Row("", ms, reading, payload, "live") for ms, payload, reading in valid}
    rows |= {row.ms: row for row in late[:CHUNK]}
    ordered = [rows[ms] for ms in sorted(rows)]
    first = ordered.index(late[0])
    return [*ordered[:first], *bounded(ordered[first : first + CHUNK])]


def _judge_chunk(
    parts: SourceParts, state: SourceState, window: Sequence[Row], chunk: Sequence[Row], tally: Tally
) -> None:
    """Judge late readings from their window with empty memory; memory and model stay as they are."""
    passage = Passage(parts.source, chunk)
    try:
        with passage.active():
            judged = _judge_or_refuse(parts, state, window, chunk, tally)
            if judged is not None:
                passage.found(judged)
                _keep(parts, state, chunk, judged, tally)
    except BaseException as error:
        passage.end(error)
        raise
    passage.end()
    if judged is None and len(chunk) > 1:
        for row in chunk:
            _judge_chunk(parts, state, window[: window.index(row) + 1], [row], tally)


def _judge_or_refuse(
    parts: SourceParts, state: SourceState, window: Sequence[Row], chunk: Sequence[Row], tally: Tally
) -> list[dict[str, Any]] | None:
    """Their documents; None where the detectors refuse them, and one alone was made a dead letter."""
    first = window.index(chunk[0])
    try:
        judged = judge_rows(
            parts.detectors,
            parts.source,
            [row.payload for row in window[:first]],
            window[first:],
            {},
            late=True,
            now=parts.clock(),
        )
    except AnomalyctlError as error:
        if may_heal(error):
            raise
        if len(chunk) == 1:
            refuse_or_raise(parts, state, chunk[0], error)
            tally.refused += 1
        return None
    wanted = {row.reading.id for row in chunk}
    return [document for document in judged.documents if document["id"] in wanted]


def _keep(
    parts: SourceParts,
    state: SourceState,
    chunk: Sequence[Row],
    documents: Sequence[dict[str, Any]],
    tally: Tally,
) -> None:
    assert state.newest_ms is not None  # noqa: S101 - late means: before what was judged
    parts.keeper.keep(
        parts.source, chunk, documents, newest_ms=state.newest_ms, memories=None, lease=parts.lease
    )
    tally.judged += len(chunk)
    tally.late += len(chunk)
    tally.anomalous += sum(document["final_status"] == ANOMALY for document in documents)
