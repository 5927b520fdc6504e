"""Several workers: one drains, and when it dies the next goes on within the life of its lease."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from anomalyctl.pipeline import drain
from anomalyctl.pipeline.drain import LEASE, LEASE_S, Drainer
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]
SHORT_S = 1.0
WORKER = """
import sys, time
from anomalyctl.pipeline.heartbeat import Heartbeat
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
store = ReadingStore(connect_redis(sys.stdin.readline().strip()))
lease = store.leases.acquire("readings", "host-1", ttl_s=float(sys.argv[1]))
store.queue.create_group()
with Heartbeat(store.leases, lease, ttl_s=float(sys.argv[1])):
    print(len(store.queue.read_new("host-1", 7)), flush=True)
    time.sleep(60)
"""


def test_the_bound_is_the_lease_and_a_sweep() -> None:
    assert LEASE_S == 20.0, "and sweep_readings looks every 10 s: within 30 s somebody else goes on"


def test_a_killed_workers_readings_are_judged_once_its_lease_is_over(
    bench: Bench, quiet: Quiet, valkey: Any
) -> None:
    bench.send(quiet(20))
    command = [sys.executable, "-c", WORKER, str(SHORT_S)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdin and worker.stdout
        worker.stdin.write(valkey.connection_string + "\n")
        worker.stdin.flush()
        assert worker.stdout.readline() == "7\n"
        other = _drainer(bench)
        began = time.monotonic()
        while time.monotonic() - began < 1.5 * SHORT_S:
            assert other.drain().standby, "a worker that lives keeps its lease longer than its life"
            time.sleep(0.1)
        worker.kill()
    killed = time.monotonic()
    while other.drain().standby:
        assert time.monotonic() - killed < SHORT_S + 2
        time.sleep(0.05)
    assert bench.nothing_waits()
    assert len(bench.verdicts.documents) == 20
    assert bench.episodes.recorded == sorted(bench.episodes.recorded), "what it had read comes first"


def test_what_others_counted_before_they_died_is_asked_for_anew(bench: Bench, quiet: Quiet) -> None:
    """The verdict may differ from the one that was counted, and would count again in another episode."""
    bench.send(quiet(2))
    _drainer(bench).drain()
    assert bench.episodes.steps == ["record well-1"], "what was read for the first time nobody has counted"
    bench.send(quiet(4)[2:])
    bench.readings.queue.read_new("a-host-that-died", 10)
    bench.episodes.steps.clear()
    _drainer(bench).drain()
    assert bench.episodes.steps == ["forget well-1", "record well-1"]


def test_what_comes_while_the_lease_is_given_back_waits_for_no_sweep(
    bench: Bench, quiet: Quiet, monkeypatch: Any
) -> None:
    rows = quiet(4)
    bench.send(rows[:3])
    judge, other = _drainer(bench), _drainer(bench, "host-3")
    release = bench.readings.leases.release

    def rung_just_before(lease: Any) -> bool:
        monkeypatch.setattr(bench.readings.leases, "release", release)
        bench.send(rows[3:])
        assert other.drain().standby, "the other worker was rung for it, and stood by"
        return release(lease)

    monkeypatch.setattr(bench.readings.leases, "release", rung_just_before)
    assert judge.drain().tally.judged == 4
    assert bench.nothing_waits()
    assert bench.readings.leases.holder(LEASE) is None


def test_a_drain_ends_when_its_time_is_up_though_more_waits(
    bench: Bench, quiet: Quiet, monkeypatch: Any
) -> None:
    bench.send(quiet(5))
    monkeypatch.setattr(drain, "LONGEST_S", 0.0)
    judge = _drainer(bench)
    assert judge.drain().tally.judged == 0
    monkeypatch.undo()
    assert judge.drain().tally.judged == 5


def _drainer(bench: Bench, consumer: str = "host-2") -> Drainer:
    made = bench.drainer(consumer)
    made._lease_s = SHORT_S
    return made
