"""Where a reading's time goes, stage by stage: alone, as at the wells, and in a backlog."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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
from tests.support.cosmos_server import cosmos_server
from tests.support.detector_server import detector_server

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

WARM = 420
BACKLOG = int(os.environ.get("BENCHMARK_READINGS", "3000"))
ALONE = 100


class Stages:
    """Seconds by stage; what runs beside something else counts in both."""

    def __init__(self, drainer: Drainer, anomalies: AnomalyStore, episodes: Episodes) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: defaultdict[str, int] = defaultdict(int)
        readings, queue, windows = drainer.readings, drainer.readings.queue, drainer.readings.windows
        watched: dict[str, list[tuple[Any, str]]] = {
            "lease": [(readings.leases, "acquire"), (readings.leases, "release")],
            "room": [(readings, "memory_share"), (queue, "create_group")],
            "queue": [(queue, "read_new"), (queue, "take_over"), (queue, "acknowledge")],
            "state": [(readings, "load_memory"), (readings, "load_registry"), (windows, "read")],
            "fitting": [
                (drainer.fitter, "clean_rows"),
                (drainer.fitter, "next_point"),
                (drainer.fitter, "fit"),
            ],
            "detectors": [(drainer.detectors, "judge_all")],
            "verdicts": [(anomalies, "upsert_verdicts")],
            "episodes": [(episodes, "record")],
            "window and memory": [(windows, "keep"), (readings, "save_memory")],
        }
        for stage, methods in watched.items():
            for owner, name in methods:
                setattr(owner, name, self._timed(stage, getattr(owner, name)))

    def _timed(self, stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                self.seconds[stage] += time.perf_counter() - began
                self.calls[stage] += 1

        return timed

    def told(self, readings: int, elapsed_s: float, cpu_s: float) -> str:
        """One line a stage, then what is between them."""
        lines = [
            f"  {stage:<18}{1000 * seconds / readings:8.2f} ms a reading {seconds / elapsed_s:7.0%}"
            f"   {self.calls[stage]:5d} calls"
            for stage, seconds in sorted(self.seconds.items(), key=lambda item: -item[1])
        ]
        whole = f"  {'in all':<18}{1000 * elapsed_s / readings:8.2f} ms a reading, "
        return "\n".join([*lines, f"{whole}{1000 * cpu_s / readings:.2f} ms of it this process' own CPU"])


@pytest.fixture
def drainer(valkey: Any, reading_store: ReadingStore, tmp_path: Path) -> Iterator[tuple[Drainer, Stages]]:
    with (
        cosmos_server(tmp_path) as cosmos,
        detector_server(valkey.connection_string, tmp_path) as detectors,
    ):
        anomalies = AnomalyStore(connect_cosmos(cosmos.connection_string))
        anomalies.create_if_missing()
        episodes, client = Episodes(anomalies), DetectorClient(detectors.endpoint, detectors.token)
        made = Drainer(
            reading_store, anomalies, episodes, client, consumer="one", clock=lambda: datetime.now(UTC)
        )
        yield made, Stages(made, anomalies, episodes)
        client.close()
        anomalies.close()


def rows(source: str, count: int) -> list[tuple[int, bytes]]:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10 * (count + 1))
    telemetry = simulate(built_in_registry(), seed=7, start=start, count=count, source=source)
    return [(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in telemetry.readings()]


def test_where_the_time_goes(drainer: tuple[Drainer, Stages]) -> None:
    judge, stages = drainer
    sent = rows("alone", WARM + ALONE)
    judge.readings.append("alone", sent[:WARM], origin="simulated")
    judge.drain()
    for name, chunks in (
        ("alone", [[row] for row in sent[WARM:]]),
        ("backlog", [rows("backlog", BACKLOG)]),
    ):
        stages.seconds.clear()
        stages.calls.clear()
        elapsed_s, cpu_s, judged = 0.0, time.process_time(), 0
        for chunk in chunks:
            judge.readings.append(name, chunk, origin="simulated")
            began = time.perf_counter()
            judged += judge.drain().tally.judged
            elapsed_s += time.perf_counter() - began
        assert judged == sum(map(len, chunks))
        print(f"\n{name}: {judged} readings, {judged / elapsed_s:.0f}/s, load {os.getloadavg()[0]:.1f}")
        print(stages.told(judged, elapsed_s, time.process_time() - cpu_s))
