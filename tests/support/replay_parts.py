"""A plant's kept hour, the detectors, and what a replay is given of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import cast

from anomalyctl.operations.connections import Connections
from anomalyctl.operations.replay_spans import Span
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.drain import Drainer
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading
from anomalyctl.triage.episodes import Episodes
from tests.support.detector_server import DetectorServer

START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + timedelta(hours=2)
HOUR = Span(START, START + timedelta(hours=1))


@dataclass
class Parts:
    """The stores and detectors of one environment, as `Connections` has them."""

    readings: ReadingStore
    cosmos: str
    server: DetectorServer

    @cached_property
    def anomalies(self) -> AnomalyStore:
        return AnomalyStore(connect_cosmos(self.cosmos))

    @cached_property
    def detectors(self) -> DetectorClient:
        return DetectorClient(self.server.endpoint, self.server.token)


def feed(parts: Parts, source: str, *, count: int = 60) -> None:
    """A plant with one pressure far too high at reading 30."""
    readings = list(simulate(built_in_registry(), seed=7, start=START, count=count, source=source).readings())
    readings[30] = replace(readings[30], values={**readings[30].values, "INJECTION_PRESSURE": 500.0})
    rows = [(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in readings]
    parts.readings.append(source, rows, origin="simulated")


def judge(parts: Parts) -> None:
    """Give every fed reading its verdict."""
    drainer = Drainer(
        parts.readings,
        parts.anomalies,
        Episodes(parts.anomalies),
        parts.detectors,
        consumer="test",
        clock=lambda: NOW,
    )
    assert drainer.drain().failures == {}


def connections(parts: Parts) -> Connections:
    """The parts under the type that a replay asks for."""
    return cast("Connections", parts)
