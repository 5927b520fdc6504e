"""A process that dies at any step: whoever goes on ends where nobody would have died."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.connection import AbstractConnection

from anomalyctl.pipeline.rounds import Rounds
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.leases import lease_key
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.places import home_of
from tests.pipeline.conftest import Bench, EpisodeLog, Judges, Verdicts

Quiet = Callable[..., list[tuple[int, bytes]]]
STAYS = next(f"well-{number}" for number in range(99) if home_of(f"well-{number}", 2) == 0)
MOVES = next(f"well-{number}" for number in range(99) if home_of(f"well-{number}", 2) == 1)
EVERY = 3
"""A third of the steps a test, in three tests: each step is one."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Death:
    """Counts what is sent to Redis and written to Cosmos DB, and dies at one of those steps."""

    at: int | None = None
    steps: int = 0
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def step(self) -> None:
        """One step: before it is done, and after it, are two."""
        with self._lock:
            if self.dead or self.steps == self.at:
                self.dead = True
                raise Killed
            self.steps += 1


def test_the_undisturbed_run_is_whole(bench: Bench, quiet: Quiet) -> None:
    _send(bench, quiet)
    _run(bench, Death())
    assert len(bench.verdicts.documents) == 18
    assert [letter["reason"] for letter in bench.verdicts.letters.values()]
    assert bench.nothing_waits()


@pytest.mark.parametrize("offset", range(EVERY))
def test_death_at_any_step_changes_nothing_in_the_end(bench: Bench, quiet: Quiet, offset: int) -> None:
    _send(bench, quiet)
    whole = Death()
    _run(bench, whole)
    expected, letters = _told(bench.verdicts), set(bench.verdicts.letters)
    assert whole.steps > 60
    for at in range(offset, whole.steps, EVERY):
        bench.redis.flushall()
        bench.verdicts, bench.episodes = Verdicts(), EpisodeLog()
        _send(bench, quiet)
        # Threads differ in their order, so that the last steps are not always there.
        with suppress(Killed):
            _run(bench, Death(at))
        for queue in ("readings", "readings:1"):
            bench.redis.delete(lease_key(queue))
        _run(bench, Death())
        _run(bench, Death())
        assert bench.nothing_waits(), at
        assert _told(bench.verdicts) == expected, at
        assert set(bench.verdicts.letters) == letters, at
        assert set(bench.episodes.recorded) == set(expected), at


def _send(bench: Bench, quiet: Quiet) -> None:
    """Fresh, late, repeated, broken and returned ones, and a source that has to move; ids are ours."""
    stays, moves = (quiet(9, source=source) for source in (STAYS, MOVES))
    client, at = bench.redis, iter(range(1, 99))

    def queue(source: str, payload: bytes, letter: str = "") -> None:
        fields = {
            "source": source,
            "payload": payload,
            "origin": "live",
            **({"letter": letter} if letter else {}),
        }
        client.xadd("telemetry:readings", fields, id=f"1700000000000-{next(at)}")

    bench.readings.places.want(1)
    for _, payload in stays[3:6]:
        queue(STAYS, payload)
    bench.rounds(1).drain()
    letter = {"id": "1600000000000-0", "failed_at": "2020-09-13T12:26:40Z", "attempts": 1, "history": []}
    bench.verdicts.add_dead_letters([{**letter, "source": STAYS, "payload": stays[8][1].decode()}])
    queue(STAYS, stays[8][1], letter="1600000000000-0")
    for _, payload in (*stays[6:8], stays[6], *stays[:3]):
        queue(STAYS, payload)
    queue(STAYS, b"{")
    for _, payload in moves:
        queue(MOVES, payload)


def _told(verdicts: Verdicts) -> dict[str, Any]:
    """Verdicts without what differs from run to run."""
    told = {}
    for reading_id, document in verdicts.documents.items():
        document["explanation"].pop("trace_id", None)
        document["ml"].pop("processing_time_ms", None)
        told[reading_id] = document
    return told


def _run(bench: Bench, death: Death) -> None:
    """One process' life, with connections of its own."""
    options = bench.redis.connection_pool.connection_kwargs
    client = connect_redis(
        f"{options['host']}:{options['port']},password={options.get('password') or ''},ssl=False"
    )
    readings = ReadingStore(client)
    life = Bench(readings, bench.redis, Judges(bench.readings), Mortal(bench.verdicts, death), bench.episodes)  # type: ignore[arg-type]
    rounds = Rounds(readings, lambda store: life.drainer_of(store, f"host-{id(death)}"), wanted=2)
    try:
        with _dying(client, death):
            rounds.drain()
    finally:
        client.connection_pool.disconnect()


class Mortal:
    """Cosmos DB's side of a process that dies."""

    def __init__(self, verdicts: Verdicts, death: Death) -> None:
        self._verdicts, self._death = verdicts, death

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._verdicts, name)

        def mortal(*arguments: Any, **named: Any) -> Any:
            self._death.step()
            answer = method(*arguments, **named)
            self._death.step()
            return answer

        return mortal


@contextmanager
def _dying(client: Any, death: Death) -> Iterator[None]:
    """Only the connections of this client die; the test looks on through others."""
    pool, send = client.connection_pool, AbstractConnection.send_packed_command

    class Dying(pool.connection_class):  # type: ignore[misc]
        def send_packed_command(self, command: Any, check_health: bool = True) -> None:
            death.step()
            send(self, command, check_health)
            death.step()

    pool.connection_class = Dying
    yield
