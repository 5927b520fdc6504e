"""One guard before every round trip to Redis: what is tried again, what never, and what others see of it."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import OutOfMemoryError

from anomalyctl.errors import Transient, Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.manner import once
from anomalyctl.resilience.policies import CACHE
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.redis_errors import redis_errors
from anomalyctl.stores.shared_breakers import SharedBreakers
from tests.support.own_valkey import OwnValkey

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def losing_answers(valkey: Any, to: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A way to Valkey that does what it is asked and, once, loses the answer to requests that hold `to`."""
    lost: list[bytes] = []
    door = socket.create_server(("127.0.0.1", 0))

    def carry(caller: socket.socket) -> None:
        with caller, socket.create_connection((valkey.host, valkey.port)) as server, suppress(OSError):
            while request := caller.recv(1 << 20):
                server.sendall(request)
                answer = server.recv(1 << 20)
                if to in request and not lost:
                    lost.append(request)
                    return
                caller.sendall(answer)

    def listen() -> None:
        with suppress(OSError):
            while True:
                caller, _ = door.accept()
                threading.Thread(target=carry, args=(caller,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield valkey.connection_string.replace(f":{valkey.port}", f":{door.getsockname()[1]}"), lost
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def store_over(address: str) -> ReadingStore:
    return ReadingStore(connect_redis(address, guard=Guard(CACHE, sleep=lambda _: None)))


def test_a_multi_whose_answer_was_lost_is_done_again(valkey: Any, reading_store: ReadingStore) -> None:
    with losing_answers(valkey, b"XADD") as (address, lost):
        assert store_over(address).append("well-1", [(1_000, b"{}")], origin="live") == 1
        assert len(lost) == 1
    assert reading_store.windows.count("well-1") == 1
    assert reading_store.backlog().queued == 2, "the second is a repeat, and judged as one"


def test_a_model_whose_answer_was_lost_is_not_filed_under_the_old_ones_name(
    valkey: Any, reading_store: ReadingStore
) -> None:
    reading_store.save_model("well-1", version="one", data=b"one", fitted_at=NOW)
    with losing_answers(valkey, b"RENAME") as (address, lost), pytest.raises(Transient):
        store_over(address).save_model("well-1", version="two", data=b"two", fitted_at=NOW)
    assert len(lost) == 1
    for version in ("one", "two"):
        kept = reading_store.load_model("well-1", version)
        assert kept is not None
        assert kept.data == version.encode()


def test_entries_whose_answer_was_lost_are_not_overtaken(valkey: Any, reading_store: ReadingStore) -> None:
    reading_store.append("well-1", [(1_000, b"a"), (2_000, b"b")], origin="live")
    reading_store.queue.create_group()
    with losing_answers(valkey, b"XREADGROUP") as (address, _), pytest.raises(Transient):
        store_over(address).queue.read_new("host", 1)
    entries, _ = reading_store.queue.take_over("host", 10)
    assert [entry.payload for entry in entries] == [b"a"]
    assert reading_store.backlog().queued == 1


def test_a_look_and_deed_is_tried_again_as_a_whole(valkey: Any, reading_store: ReadingStore) -> None:
    with losing_answers(valkey, b"MULTI") as (address, lost):
        client: Any = connect_redis(address, guard=Guard(CACHE, sleep=lambda _: None))
        seen: list[int] = []

        def add_one(pipe: Any) -> None:
            seen.append(int(pipe.get("counted") or 0))
            pipe.multi()
            pipe.set("counted", 1)

        client.transaction(add_one, "counted")
        assert (seen, len(lost)) == ([0, 1], 1)
        with pytest.raises(Transient), once():
            lost.clear()
            client.transaction(add_one, "counted")


@pytest.mark.parametrize("hangs_at", ["look", "deed"])
def test_a_look_and_deed_that_a_hanging_redis_never_answers_gives_its_connection_back(
    tmp_path: Path, hangs_at: str
) -> None:
    """redis-py says UNWATCH over a new connection, waits for that too, and keeps the connection for good."""
    valkey = OwnValkey(tmp_path)
    hang = Guard(replace(CACHE, timeout_s=0.2, attempts=1, breaker_failures=1_000))
    client: Any = connect_redis(valkey.connection_string, pool_size=1, guard=hang)
    kept: list[Any] = []

    def look_and_do(pipe: Any) -> None:
        kept.append(pipe)  # as a traceback would
        if hangs_at == "look":
            valkey._process.send_signal(signal.SIGSTOP)
        pipe.get("counted")
        pipe.multi()
        pipe.set("counted", 1)
        valkey._process.send_signal(signal.SIGSTOP)

    try:
        for _ in range(2):
            with pytest.raises(Transient, match="in time"):
                client.transaction(look_and_do, "counted")
            valkey._process.send_signal(signal.SIGCONT)
        assert client.ping()
    finally:
        valkey._process.send_signal(signal.SIGCONT)
        valkey.stop()


def test_a_lease_whose_answer_was_lost_is_held_by_who_asked(valkey: Any, reading_store: ReadingStore) -> None:
    """Nobody would work until it is over otherwise: it stands there, and nobody knows that it is theirs."""
    with losing_answers(valkey, b"EVALSHA") as (address, lost):
        leases = store_over(address).leases
        reading_store.leases.acquire("another", "host", ttl_s=20)  # so that the script is known
        lease = leases.acquire("readings", "host", ttl_s=20)
        assert lease is not None
        assert len(lost) == 1
        assert reading_store.leases.holder("readings") == "host"
        assert leases.acquire("readings", "host", ttl_s=20) is None, (
            "another call of the same host has no part"
        )
        assert leases.renew(lease, ttl_s=20)
        assert leases.release(lease)


def test_redis_away_opens_the_breaker_and_says_so_where_it_can(caplog: pytest.LogCaptureFixture) -> None:
    shared = SharedBreakers(lambda: store, owner="host-1", clock=lambda: NOW)
    policy = replace(CACHE, attempts=5)
    guard = Guard(policy, sleep=lambda _: None, on_change=shared.tell)
    store = ReadingStore(connect_redis("127.0.0.1:1,ssl=False", guard=guard))
    with caplog.at_level(logging.INFO), pytest.raises(Unreachable):
        store.ping()
    assert guard.state == "open"
    assert "the breaker of the cache is open" in caplog.text
    with pytest.raises(Transient, match="left alone"):
        store.ping()


def test_when_redis_is_back_the_board_says_so(valkey: Any, reading_store: ReadingStore) -> None:
    clock = [0.0]
    shared = SharedBreakers(lambda: store, owner="host-1", clock=lambda: NOW)
    guard = Guard(CACHE, clock=lambda: clock[0], on_change=shared.tell)
    store = ReadingStore(connect_redis(valkey.connection_string, guard=guard))
    guard._told = "open"
    guard._breaker.open()
    clock[0] = CACHE.breaker_rest_s
    assert store.ping()
    assert guard.state == "closed"
    assert [(told.name, told.state) for told in reading_store.breakers.read()] == [("cache", "closed")]


def test_a_full_redis_is_there_and_opens_no_breaker() -> None:
    guard = Guard(CACHE, sleep=lambda _: None)

    def full() -> None:
        with redis_errors():
            raise OutOfMemoryError("OOM command not allowed")

    for _ in range(3):
        with pytest.raises(Transient, match="out of memory"):
            guard.call(full)
    assert guard.state == "closed"


def test_another_guard_stands_before_the_same_connections(valkey: Any) -> None:
    patient = Guard(CACHE)
    store = ReadingStore(connect_redis(valkey.connection_string))
    other = store.guarded_by(patient)
    assert other._client.guard is patient
    assert other._client.connection_pool is store._client.connection_pool
    assert other.ping()


def test_what_a_clock_far_ahead_told_keeps_nothing_back(reading_store: ReadingStore) -> None:
    far = datetime(2026, 3, 1, 5, tzinfo=UTC)
    SharedBreakers(lambda: reading_store, owner="host-1", clock=lambda: far).tell(CACHE, "open")
    now_ms = int(NOW.timestamp() * 1000)
    assert reading_store.breakers.read()[0].state == "open"
    assert reading_store.breakers.open_at(now_ms) == []
    SharedBreakers(lambda: reading_store, owner="host-1", clock=lambda: NOW).tell(CACHE, "open")
    assert len(reading_store.breakers.open_at(now_ms)) == 1
