"""Many rings, one drain; a lease that is held is renewed, and one that is lost is noticed."""

from __future__ import annotations

import threading
import time

import pytest

from anomalyctl.pipeline.doorbell import Doorbell
from anomalyctl.pipeline.heartbeat import Heartbeat
from anomalyctl.stores.readings import ReadingStore


def test_rings_while_somebody_works_make_it_work_once_more() -> None:
    runs: list[int] = []
    working, go_on = threading.Event(), threading.Event()

    def work() -> int:
        runs.append(len(runs))
        working.set()
        assert go_on.wait(10)
        return len(runs)

    bell = Doorbell(work)
    first = threading.Thread(target=bell.ring)
    first.start()
    assert working.wait(10)
    assert [bell.ring() for _ in range(100)] == [None] * 100, "nobody waits at the door"
    go_on.set()
    first.join(10)
    assert len(runs) == 2


def test_a_failed_run_does_not_block_the_door() -> None:
    outcomes = iter([RuntimeError("broken"), "done"])

    def work() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    bell = Doorbell(work)
    with pytest.raises(RuntimeError):
        bell.ring()
    assert bell.ring() == "done"


def test_a_held_lease_outlives_its_time(reading_store: ReadingStore) -> None:
    lease = reading_store.leases.acquire("work", "me", ttl_s=0.3)
    assert lease is not None
    with Heartbeat(reading_store.leases, lease, ttl_s=0.3) as heartbeat:
        beaten = threading.Event()
        renew = reading_store.leases.renew
        count = 0

        def counting(*arguments, **options):  # type: ignore[no-untyped-def]
            nonlocal count
            held = renew(*arguments, **options)
            count += 1
            if count == 5:
                beaten.set()
            return held

        reading_store.leases.renew = counting  # type: ignore[method-assign]
        assert beaten.wait(10)
        assert not heartbeat.lost
        assert reading_store.leases.holder("work") == "me"
    assert reading_store.leases.holder("work") is None


def test_a_lost_lease_is_noticed(reading_store: ReadingStore) -> None:
    lease = reading_store.leases.acquire("work", "me", ttl_s=0.1)
    assert lease is not None
    noticed = threading.Event()
    reading_store.leases.release(lease)
    with Heartbeat(reading_store.leases, lease, ttl_s=0.1, on_loss=noticed.set) as heartbeat:
        assert noticed.wait(10)
        assert heartbeat.lost


def test_a_call_that_does_not_end_gives_its_lease_back_before_the_process_ends(
    reading_store: ReadingStore,
) -> None:
    leases, stopping = reading_store.leases, threading.Event()
    lease = leases.acquire("held", "one", ttl_s=30)
    assert lease is not None
    with Heartbeat(leases, lease, ttl_s=30, stopping=stopping, hand_back_s=0.3) as heartbeat:
        time.sleep(0.6)
        assert leases.holder("held") == "one"
        stopping.set()
        deadline = time.monotonic() + 5
        while not heartbeat.lost and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        assert leases.holder("held") is None
        other = leases.acquire("held", "two", ttl_s=30)
    assert other is not None
    assert leases.holder("held") == "two", "it gives back its own, and nobody else's"
