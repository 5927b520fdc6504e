"""When a source's model is fitted, and from which readings."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anomalyctl.errors import PreconditionFailed
from anomalyctl.observability.bound import bind
from anomalyctl.pipeline.intake import valid_rows
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.window import MOST_READINGS
from anomalyctl.telemetry.times import from_epoch_ms
from anomalyctl.triage.counting import GAP_MS

logger = logging.getLogger(__name__)

STAGES: Final = (360, 720, 1_440, 2_880, 5_760, 8_640)
"""Clean readings at which a young source's model is fitted anew; a whole day is then refreshed daily."""
_FEW_MORE: Final = 1.1
"""A refused fit is tried again with a tenth more readings."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What came of fitting one source."""

    source: str
    version: str | None
    """None when the fit was refused; the old model stays in use."""
    rows: int
    """Clean readings that it was offered."""
    reason: str = ""
    """Why it was refused."""


class Fitter:
    """Fits models from windows. Faults are left out, and simulated readings where that is asked."""

    def __init__(
        self, readings: ReadingStore, *, train_on_simulated: bool, clock: Callable[[], datetime]
    ) -> None:
        self._readings = readings
        self._train_on_simulated = train_on_simulated
        self._clock = clock

    def clean_rows(self, source: str, until_ms: int) -> int:
        """How many readings up to `until_ms` a model could learn from."""
        windows, since_ms = self._readings.windows, until_ms - self._readings.windows.retention_ms
        left_out = self._left_out(source, since_ms, until_ms)
        inside = sum(windows.count(source, first, last) for first, last in left_out.spans)
        return windows.count(source, since_ms, until_ms) - inside - len(left_out.times_outside_spans)

    def learns_from(self, *, simulated: bool, alarmed: bool) -> bool:
        """Whether a reading counts as clean, as far as it can be told from itself."""
        return not alarmed and (self._train_on_simulated or not simulated)

    def next_point(self, source: str) -> int | None:
        """The number of clean readings at which the next fit is due; None when only the timer refits."""
        seen = self._readings.models.rows(source)
        refused = self._readings.models.refused_rows(source)
        due = next((stage for stage in STAGES if stage > seen), None)
        if due is None or not refused:
            return due
        return max(due, int(refused * _FEW_MORE) + 1)

    def fit(self, source: str, until_ms: int, *, span_ms: int | None = None) -> Fit:
        """Fit on the window up to `until_ms` and put the model into use; a refusal keeps the old one.

        `span_ms`: how far back, all that is kept unless told.
        """
        with bind(source=source):
            return self._fit(source, until_ms, span_ms)

    def _fit(self, source: str, until_ms: int, span_ms: int | None) -> Fit:
        from anomalyctl.detection.fitting import fit_model
        from anomalyctl.detection.window import window_of

        since_ms = until_ms - min(span_ms or (1 << 62), self._readings.windows.retention_ms)
        left_out = self._left_out(source, since_ms, until_ms)
        rows = [
            row for row in self._readings.window(source, since_ms, until_ms) if not left_out.holds(row[0])
        ]
        registry, now = self._readings.load_registry(source), self._clock()
        clean = valid_rows(rows[-MOST_READINGS:], source=source, registry=registry, now=now)
        # Counted as `clean_rows` counts, or the next fit would never, or always, be due.
        offered = self.clean_rows(source, until_ms)
        version = f"{from_epoch_ms(until_ms):%Y%m%dT%H%M%S}-{len(clean)}"
        try:
            window = window_of(source, (reading for _, _, reading in clean))
            model = fit_model(window, registry, fitted_at=now, version=version)
        except PreconditionFailed as error:
            logger.warning("%s: no new model from %d readings: %s", source, len(clean), error.message)
            self._readings.models.refuse(source, rows=offered, reason=error.message)
            return Fit(source, None, len(clean), error.message)
        self._readings.save_model(source, version=version, data=model.to_bytes(), fitted_at=now, rows=offered)
        logger.info("%s: model %s fitted from %d readings", source, version, len(clean))
        return Fit(source, version, len(clean))

    def fit_all(self) -> list[Fit]:
        """Refit every source that has enough clean readings, up to its newest judged one."""
        fits = []
        for source in self._readings.sources():
            newest_ms = self._readings.newest_judged_ms(source)
            if newest_ms is not None and self.clean_rows(source, newest_ms) >= STAGES[0]:
                fits.append(self.fit(source, newest_ms))
        return fits

    def _left_out(self, source: str, since_ms: int, until_ms: int) -> LeftOut:
        alarmed = self._readings.windows.alarmed(source, since_ms, until_ms)
        simulated = (
            set()
            if self._train_on_simulated
            else self._readings.windows.simulated(source, since_ms, until_ms)
        )
        return LeftOut(spans_of(alarmed), simulated)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Readings that no model may learn from."""

    spans: Sequence[tuple[int, int]]
    """From the first to the last alarmed reading of what belongs together, both included, epoch ms."""
    times: Collection[int]
    """Single readings."""

    @property
    def times_outside_spans(self) -> list[int]:
        """Single readings that no span holds."""
        return [ms for ms in self.times if not self._in_a_span(ms)]

    def holds(self, ms: int) -> bool:
        """Whether the reading of that time is left out."""
        return ms in self.times or self._in_a_span(ms)

    def _in_a_span(self, ms: int) -> bool:
        at = bisect_right(self.spans, (ms, ms)) - 1
        return any(first <= ms <= last for first, last in self.spans[max(at, 0) : at + 2])


def spans_of(alarmed: Iterable[int]) -> list[tuple[int, int]]:
    """Alarmed times (epoch ms) as spans: what is at most 10 minutes apart belongs to one fault.

    Between two alarms of a fault a reading may look normal, and is not.
    """
    spans: list[tuple[int, int]] = []
    for ms in sorted(alarmed):
        if spans and ms - spans[-1][1] <= GAP_MS:
            spans[-1] = (spans[-1][0], ms)
        else:
            spans.append((ms, ms))
    return spans
