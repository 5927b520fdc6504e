"""The trace of readings on their way: from their arrival in the queue to their acknowledgement."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from anomalyctl.observability.bound import about_readings, bind
from anomalyctl.observability.traces import Trace, span
from anomalyctl.pipeline.documents import ANOMALY
from anomalyctl.pipeline.intake import Row

_MOST_EVENTS: Final = 20
"""Anomalies told one by one in a trace; their number is told in any case."""


class Passage:
    """Of what is judged by one call: one reading, or up to 60 where the pipeline is behind."""

    def __init__(self, source: str, rows: Sequence[Row], *, window_since_ns: int | None = None) -> None:
        """`window_since_ns`: when reading the window began, where that was part of it (epoch ns)."""
        now_ns = time.time_ns()
        # The queue's clock may be ahead of ours.
        arrived_ns = min(_arrived_ns(rows), now_ns)
        first, last = rows[0].reading.id, rows[-1].reading.id
        self._about = about_readings(source, [row.reading.id for row in rows])
        self._trace = Trace(
            "readings", since_ns=arrived_ns, source=source, readings=len(rows), reading_id=first, until=last
        )
        if self._trace.is_recorded:
            read_ns = max(arrived_ns, window_since_ns or now_ns)
            with self._trace.active():
                with span("wait in the queue", since_ns=arrived_ns) as waiting:
                    waiting.end_at(read_ns)
                if window_since_ns is not None:
                    with span("read the window", since_ns=window_since_ns):
                        pass

    @contextmanager
    def active(self) -> Iterator[None]:
        """What this block does belongs to the passage: spans, calls to other services, lines of the log."""
        with bind(**self._about), self._trace.active():
            yield

    def found(self, documents: Iterable[dict[str, Any]]) -> None:
        """Keep the trace where there is an anomaly; documents get its id where it can be looked up."""
        documents = list(documents)
        anomalous = [document for document in documents if document["final_status"] == ANOMALY]
        if anomalous:
            self._trace.keep("anomaly")
            self._trace.tell(anomalies=len(anomalous))
            for document in anomalous[:_MOST_EVENTS]:
                told = document["explanation"]
                tags = ", ".join(told["tags"])
                self._trace.event("anomaly", reading_id=document["id"], severity=told["severity"], tags=tags)
        if self._trace.is_kept:
            for document in documents:
                document["explanation"]["trace_id"] = self._trace.id

    def end(self, error: BaseException | None = None) -> None:
        """All is written and acknowledged, or failed. May be called twice; the first time counts."""
        self._trace.end(error)


def _arrived_ns(rows: Sequence[Row]) -> int:
    return min(int(row.entry_id.partition("-")[0]) for row in rows) * 1_000_000
