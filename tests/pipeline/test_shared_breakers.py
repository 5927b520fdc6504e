"""What one process found down, the others leave alone, and `status` can tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import Transient, Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE, Policy
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.shared_breakers import SharedBreakers
from anomalyctl.telemetry.times import epoch_ms

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def process(store: ReadingStore, owner: str) -> tuple[SharedBreakers, Guard]:
    shared = SharedBreakers(lambda: store, owner=owner, clock=lambda: NOW)
    policy = Policy("database", timeout_s=1, attempts=1, breaker_failures=2, breaker_rest_s=30)
    return shared, Guard(policy, on_change=shared.tell)


def fail(guard: Guard, times: int) -> None:
    def down() -> None:
        raise Unreachable("nobody there")

    for _ in range(times):
        with pytest.raises(Transient):
            guard.call(down)


def test_an_open_breaker_is_on_the_board_until_its_rest_is_over(reading_store: ReadingStore) -> None:
    _, guard = process(reading_store, "host-1")
    fail(guard, 1)
    assert reading_store.breakers.read() == []
    fail(guard, 1)
    [state] = reading_store.breakers.open_at(epoch_ms(NOW))
    assert (state.owner, state.name, state.state) == ("host-1", "database", "open")
    assert reading_store.breakers.open_at(epoch_ms(NOW + timedelta(seconds=31))) == []


def test_another_process_leaves_it_alone_too_and_tells_nobody(reading_store: ReadingStore) -> None:
    _, first = process(reading_store, "host-1")
    fail(first, 2)
    shared, second = process(reading_store, "host-2")
    assert second.call(lambda: "well") == "well"
    shared.heed({"database": second})
    with pytest.raises(Transient, match="left alone"):
        second.call(lambda: "well")
    assert [state.owner for state in reading_store.breakers.read()] == ["host-1"]


def test_with_redis_away_calls_go_on() -> None:
    away = ReadingStore(connect_redis("127.0.0.1:1,ssl=False"))
    shared = SharedBreakers(lambda: away, owner="host-1", clock=lambda: NOW)
    shared.tell(DATABASE, "open")
