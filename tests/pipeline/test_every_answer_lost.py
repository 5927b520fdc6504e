"""Redis does what it is asked and the answer is lost, at one step after the other: all ends as without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as Lost

from anomalyctl.errors import Transient
from anomalyctl.pipeline import batches
from anomalyctl.pipeline.rounds import Rounds
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import CACHE
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.leases import lease_key
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.places import home_of
from tests.pipeline.conftest import Bench, EpisodeLog, Judges, Verdicts

Quiet = Callable[..., list[tuple[int, bytes]]]
STAYS = next(f"well-{number}" for number in range(99) if home_of(f"well-{number}", 2) == 0)
MOVES = next(f"well-{number}" for number in range(99) if home_of(f"well-{number}", 2) == 1)


@dataclass
class Loss:
    """Counts what is sent, and says of one that its answer is lost."""

    at: int | None = None
    steps: int = 0

    def is_now(self) -> bool:
        """Whether it is this one."""
        self.steps += 1
        return self.steps - 1 == self.at


def test_a_lost_answer_at_any_step_changes_nothing(
    bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 6)  # so that a batch may be overtaken by another
    _send(bench, quiet)
    whole = Loss()
    _work(bench, whole)
    expected = set(bench.verdicts.documents)
    assert len(expected) == 21
    assert whole.steps > 60
    for at in range(whole.steps):
        bench.redis.flushall()
        bench.verdicts, bench.episodes = Verdicts(), EpisodeLog()
        _send(bench, quiet)
        _work(bench, Loss(at))
        assert not bench.redis.exists(lease_key("readings"), lease_key("readings:1")), f"given back, {at}"
        _work(bench, Loss())
        assert bench.nothing_waits(), at
        assert set(bench.verdicts.documents) == expected, at
        assert len(bench.verdicts.letters) == 1, at
        late = [each["id"] for each in bench.verdicts.in_order if each["explanation"]["late"]]
        assert len(late) == 3, f"the late ones, and no other was overtaken, {at}"
        assert sorted(bench.episodes.recorded) == sorted(expected), f"once each, {at}"


def _send(bench: Bench, quiet: Quiet) -> None:
    """Fresh, late, repeated and broken ones, and a source that moves while readings of it wait."""
    stays, moves = quiet(9, source=STAYS), quiet(12, source=MOVES)
    bench.readings.places.want(1)
    _queue(bench, STAYS, stays[3:6])
    _queue(bench, MOVES, moves[:3])
    bench.rounds(1).drain()
    _queue(bench, STAYS, [*stays[6:], stays[6], *stays[:3], (0, b"{")])
    _queue(bench, MOVES, moves[3:])


def _queue(bench: Bench, source: str, rows: list[tuple[int, bytes]]) -> None:
    for _, payload in rows:
        bench.redis.xadd("telemetry:readings", {"source": source, "payload": payload, "origin": "live"})


def _work(bench: Bench, loss: Loss) -> None:
    options = bench.redis.connection_pool.connection_kwargs
    guard = Guard(replace(CACHE, wait_min_s=0.001, wait_max_s=0.001))
    address = f"{options['host']}:{options['port']},password={options.get('password') or ''},ssl=False"
    client = connect_redis(address, guard=guard)
    readings = ReadingStore(client)
    life = Bench(readings, bench.redis, Judges(bench.readings), bench.verdicts, bench.episodes)
    rounds = Rounds(readings, lambda store: life.drainer_of(store, "host-1"), wanted=2)
    try:
        with _losing(client, loss):
            for _ in range(3):
                try:
                    rounds.drain()
                except Transient:
                    continue  # what may not be asked twice
    finally:
        client.connection_pool.disconnect()


@contextmanager
def _losing(client: Any, loss: Loss) -> Iterator[None]:
    pool: Any = client.connection_pool
    send: Any = AbstractConnection.send_packed_command

    class Losing(pool.connection_class):  # type: ignore[misc]
        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            send(self, command, check_health)
            if loss.is_now():
                self.read_response()
                self.disconnect()
                raise Lost("the answer was lost")

    pool.connection_class = Losing
    yield
