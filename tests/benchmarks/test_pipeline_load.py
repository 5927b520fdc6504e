"""The whole pipeline under load: readings a second, and the time from XADD to the stored verdict."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import pytest

from anomalyctl.detection.judge import judge
from anomalyctl.detection.window import window_of
from anomalyctl.local.environment import FUNCTIONS
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading
from anomalyctl.telemetry.verdicts import TIERS
from tests.support.shaken import PARTS, Shaken

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

WARM = 420
FULL_SPEED = int(os.environ.get("BENCHMARK_READINGS", "3000"))
SECONDS = 20


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shaken]:
    environment = Shaken(tmp_path_factory.mktemp("load") / "project")
    try:
        yield environment
    finally:
        environment.end()


def rows(source: str, count: int) -> list[tuple[int, bytes]]:
    """All 100 tags; the past is warm-up."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10 * (count + 1))
    telemetry = simulate(built_in_registry(), seed=7, start=start, count=count, source=source)
    return [(epoch_ms(reading.timestamp), encode_reading(reading)) for reading in telemetry.readings()]


def in_process_a_second() -> float:
    """The baseline: three tiers over chunks of 60 in one thread, without HTTP, stores or a model."""
    registry = built_in_registry()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    readings = list(simulate(registry, seed=7, start=start, count=300, source="x").readings())
    began = time.perf_counter()
    for at in range(60, 300, 60):
        for tier in TIERS:
            window = window_of("x", readings[at - 60 : at + 60])
            judge(tier, window, registry=registry, model=None, memory=None, last=60)
    return 240 / (time.perf_counter() - began)


def fresh_figures(plant: Shaken) -> None:
    """Start the functions anew, so that what they remember is of this phase."""
    before = plant.pid("functions")
    plant.signal("functions", signal.SIGTERM)
    plant.wait_until(lambda: plant.pid("functions") not in (None, before) and plant.all_well(), 60)


def cpu_seconds(plant: Shaken) -> dict[str, float]:
    """Processor time of each part so far."""
    pids = {part: plant.pid(part) for part in PARTS}
    return {part: sum(psutil.Process(pid).cpu_times()[:2]) for part, pid in pids.items() if pid}


def latency(plant: Shaken) -> dict[str, float]:
    """Milliseconds by quantile, as the function host tells them."""
    ports, secrets = load_ports(plant.folder), load_secrets(plant.folder)
    assert secrets is not None
    told = httpx.get(
        f"http://127.0.0.1:{ports[FUNCTIONS]}/metrics",
        headers={"Authorization": f"Bearer {secrets.function_host_token}"},
        trust_env=False,
    ).text
    found = re.findall(r'verdict_latency_seconds\{quantile="([\d.]+)"\} ([\d.e+-]+)', told)
    return {quantile: 1000 * float(value) for quantile, value in found}


def quantiles(plant: Shaken) -> str:
    """From XADD to the stored verdict."""
    return ", ".join(f"p{float(quantile) * 100:g} {ms:.0f} ms" for quantile, ms in latency(plant).items())


def test_load_on_the_whole_pipeline(plant: Shaken) -> None:
    """Aims: 200 readings a second, and p99 under 250 ms at 10 a second, on two cores of one's own."""
    cores = len(os.sched_getaffinity(0))
    print(f"\n{cores} cores, load {os.getloadavg()[0]:.1f}")
    for rate in (1, 10):
        source = f"paced-{rate}"
        sent = rows(source, WARM + rate * SECONDS)
        plant.send(source, sent[:WARM])
        plant.wait_until_judged(300)
        fresh_figures(plant)
        began = time.monotonic()
        for number, row in enumerate(sent[WARM:]):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            plant.send(source, [row])
        plant.wait_until_judged(120)
        print(f"{rate:>4} readings/s: {quantiles(plant)}")
    fresh_figures(plant)
    before = cpu_seconds(plant)
    speed = _full_speed(plant)
    spent = {part: after - before[part] for part, after in cpu_seconds(plant).items()}
    baseline = in_process_a_second()
    print(f"full speed: {quantiles(plant)}, most of it in the queue: all {FULL_SPEED:,} were sent at once")
    print(f"full speed: {speed:.0f} readings/s; in process {baseline:.0f}/s, ratio {speed / baseline:.2f}")
    costs = ", ".join(f"{part} {1000 * seconds / FULL_SPEED:.1f}" for part, seconds in spent.items())
    # What two free cores could do, whatever else ran on them just now.
    print(f"CPU ms a reading: {costs}; two cores allow {2 * FULL_SPEED / sum(spent.values()):.0f} readings/s")


def _full_speed(plant: Shaken) -> float:
    sent = rows("full", FULL_SPEED)
    plant.send("full", sent[:1])
    plant.wait_until_judged(60)
    began = time.monotonic()
    for at in range(1, len(sent), 500):
        plant.readings.append("full", sent[at : at + 500], origin="simulated")
    plant.wait_until_judged(600)
    return (len(sent) - 1) / (time.monotonic() - began)
