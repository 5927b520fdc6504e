"""What one call of the detectors judges of a span, and several such calls under way at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import Progress
from anomalyctl.operations.replay_readings import Kept, KeptReading, kept_readings
from anomalyctl.operations.replay_spans import Span
from anomalyctl.telemetry.times import epoch_ms

if TYPE_CHECKING:
    from anomalyctl.operations.replay_resuming import ReplayBookmark

R = TypeVar("R")

MOST_READINGS: Final = 8_640
"""As many as one call of the detectors takes."""
MOST_BYTES: Final = 48 * 1024 * 1024
"""Of payloads in one call (the detectors take 64 MB), and of all the calls that are under way at once."""
AT_ONCE: Final = 4
"""Calls under way at once, where they are small: of a day of 100 tags it is one or two."""
WARM_UP: Final = 120
"""Readings before the span, so that its first ones are judged as they were in passing."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Readings of one source that are judged in one call, from empty memory."""

    source: str
    kept: Kept
    before: Sequence[KeptReading]
    """They warm the detectors up."""
    chunk: Sequence[KeptReading]
    passed: int
    """So many of the chunk were judged before the replay was interrupted: their verdicts do not count."""
    total: int
    """Readings of the source that count."""

    @property
    def rest(self) -> Sequence[KeptReading]:
        """Those whose verdicts count."""
        return self.chunk[self.passed :]

    @property
    def asked(self) -> Sequence[KeptReading]:
        """What the detectors are given; nothing where nothing counts."""
        return [*self.before, *self.chunk] if self.rest else []


def passes(
    connections: Connections,
    sources: Iterable[str],
    span: Span,
    *,
    bookmark: ReplayBookmark | None,
    progress: Progress,
    most_readings: int = MOST_READINGS,
) -> Iterator[Pass]:
    """All passes of a replay, source after source; they are the same however often it is interrupted."""
    for source in sources:
        judged_ms = -1 if bookmark is None else bookmark.judged_until(source)
        if judged_ms is None:
            continue
        progress.step(f"Reading what is kept of {source}")
        kept = kept_readings(connections, source, span.start, span.end)
        total = _judged_after(kept.readings, judged_ms)
        for before, chunk in passes_of(kept, most_readings):
            yield Pass(source, kept, before, chunk, len(chunk) - _judged_after(chunk, judged_ms), total)


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


def in_order(work: Callable[[Pass], R], every: Iterable[Pass]) -> Iterator[tuple[Pass, R]]:
    """Each pass with what came of it, in the order of the passes, while others are under way.

    At most `AT_ONCE` of them, and `MOST_BYTES` of payloads. What one raises is raised in its turn; the ones
    that have not begun are dropped then.
    """
    threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="replay")
    under_way: deque[tuple[Pass, int, Future[R]]] = deque()
    room = MOST_BYTES
    try:
        for each in every:
            size = _bytes(each.asked)
            while under_way and (len(under_way) >= AT_ONCE or size > room):
                first, freed, result = under_way.popleft()
                yield first, result.result()
                room += freed
            under_way.append((each, size, threads.submit(copy_context().run, work, each)))
            room -= size
        while under_way:
            first, _, result = under_way.popleft()
            yield first, result.result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _judged_after(readings: Sequence[KeptReading], judged_ms: int) -> int:
    return sum(epoch_ms(each.reading.timestamp) > judged_ms for each in readings)


def _within_bytes(readings: Sequence[KeptReading], room: int) -> Sequence[KeptReading]:
    """As many of them as one request holds, at least one: a wide plant's day is several requests."""
    for position, each in enumerate(readings):
        room -= len(each.payload)
        if room < 0 and position:
            return readings[:position]
    return readings


def _bytes(readings: Sequence[KeptReading]) -> int:
    return sum(len(each.payload) for each in readings)
