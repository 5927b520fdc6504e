"""One request, judged: what is known of the source, the verdicts, and the contexts of anomalous ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from anomalyctl.detection.judge import judge
from anomalyctl.observability.bound import about_readings, bind
from anomalyctl.observability.traces import KEEP, span
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import ANOMALY, Tier, Verdict
from detector_service.bodies import (
    MOST_READINGS,
    MOST_READINGS_OF_ALL,
    Body,
    ids_of_judged,
    parse_body,
    window_of_body,
)
from detector_service.known import KnownSources
from detector_service.metrics import Metrics


class WritesContexts(Protocol):
    """What is needed of `anomalyctl.language.contexts.ContextWriter`."""

    def write(self, document: Any, *, registry: TagRegistry) -> Any:
        """The document with other contexts on its anomalous tags."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The query of a request. `last` is None for `scope=all`."""

    last: int | None
    full: bool
    late: bool


class Judging:
    """Thread-safe; what the endpoints call off the event loop."""

    def __init__(
        self,
        known: KnownSources,
        metrics: Metrics,
        writer: WritesContexts | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._known, self._metrics, self._writer, self._clock = known, metrics, writer, clock

    def answer(self, tier: Tier, raw: bytes, asked: Asked) -> bytes:
        """The answer's JSON. Raises Refused, InvalidInput and what Redis raises."""
        body = parse_body(raw, most=MOST_READINGS_OF_ALL if asked.last is None else MOST_READINGS)
        with bind(tier=tier, **about_readings(body.source, ids_of_judged(body, asked.last))):
            return self._judge(tier, body, asked)

    def _judge(self, tier: Tier, body: Body, asked: Asked) -> bytes:
        known = self._known.of(body.source)
        window = window_of_body(body, known.registry, self._clock())
        started = time.perf_counter()
        with span("judge", tier=tier, source=body.source, readings=len(body.readings)) as step:
            judgement = judge(
                tier,
                window,
                registry=known.registry,
                model=known.model,
                memory=None if asked.last is None else body.memory,
                last=asked.last,
                late=asked.late,
                full=asked.full,
            )
            verdicts = judgement.verdicts
            anomalous = sum(map(is_anomalous, verdicts))
            if anomalous:
                step.tell(anomalous=anomalous, **{KEEP: "anomaly"})
        if tier == "ml":
            each_ms = (time.perf_counter() - started) * 1000 / max(1, len(verdicts))
            for verdict in verdicts:
                if verdict["method"] == "ml":
                    verdict["processing_time_ms"] = each_ms
        self._metrics.readings.labels(tier).inc(len(verdicts))
        self._metrics.anomalies.labels(tier).inc(anomalous)
        if self._writer is not None and tier != "ml" and asked.last is not None:
            with span("ask the language model"):
                verdicts = [self._writer.write(verdict, registry=known.registry) for verdict in verdicts]
        memory = {} if asked.last is None else judgement.memory
        return orjson.dumps({"verdicts": verdicts, "memory": memory})


def is_anomalous(verdict: Verdict) -> bool:
    """Whether the tier calls the reading anomalous."""
    if verdict["method"] == "ml":
        return verdict["results"]["status"] == ANOMALY
    return any(result["status"] == ANOMALY for result in verdict["results"].values())
