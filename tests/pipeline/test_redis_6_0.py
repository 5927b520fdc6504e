"""Azure Cache for Redis is 6.0: everything that we send must be known there, arguments included."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from anomalyctl.stores.connections import connect_redis
from tests.pipeline.conftest import Bench

END = "nothing-more-is-sent"
# Whatever is added here must be in the command list of Redis 6.0.
KNOWN_TO_6_0 = {
    *("AUTH", "CLIENT", "EVALSHA", "EXEC", "MULTI", "PING", "SCRIPT", "UNWATCH", "WATCH"),
    *("DEL", "EXISTS", "GET", "INCR", "MSET", "PEXPIRE", "RENAME", "SCAN", "SET"),
    *("HDEL", "HEXISTS", "HGET", "INFO", "HGETALL", "HMGET", "HSET", "HVALS"),
    *("XACK", "XADD", "XCLAIM", "XDEL", "XGROUP", "XINFO", "XPENDING", "XRANGE", "XREADGROUP"),
    *(
        "ZADD",
        "ZCARD",
        "ZCOUNT",
        "ZRANGE",
        "ZRANGEBYSCORE",
        "ZREM",
        "ZREMRANGEBYRANK",
        "ZREMRANGEBYSCORE",
        "ZREVRANGE",
        "ZREVRANGEBYSCORE",
    ),
}
ARGUMENTS_OF_LATER_VERSIONS: dict[str, set[str]] = {
    "XADD": {"MINID", "NOMKSTREAM", "LIMIT"},
    "XPENDING": {"IDLE"},
    "XGROUP": {"CREATECONSUMER", "ENTRIESREAD"},
    "XCLAIM": {"LASTID"},
    "ZADD": {"GT", "LT"},
    "ZRANGE": {"BYSCORE", "BYLEX", "REV", "LIMIT"},
    "SET": {"GET", "EXAT", "PXAT"},
    "PEXPIRE": {"NX", "XX", "GT", "LT"},
}


@pytest.fixture
def sent(valkey: Any) -> Iterator[Callable[[], list[list[str]]]]:
    """Every command that the server was sent meanwhile, those of scripts included."""
    commands: list[list[str]] = []
    client = connect_redis(valkey.connection_string)
    listening, ended = threading.Event(), threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            listening.set()
            for seen in monitor.listen():
                if END in seen["command"]:
                    ended.set()
                    return
                commands.append(seen["command"].split(" "))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert listening.wait(10)

    def finish() -> list[list[str]]:
        valkey.client().echo(END)
        assert ended.wait(10)
        return commands

    yield finish
    client.connection_pool.disconnect()


def test_only_what_redis_6_0_knows_is_sent(
    bench: Bench, quiet: Callable[..., list[tuple[int, bytes]]], sent: Callable[[], list[list[str]]]
) -> None:
    rows = quiet(380)
    bench.readings.save_registry("well-2", bench.readings.load_registry("well-1"))
    bench.readings.queue.create_group()
    bench.send(rows[:5])
    bench.readings.queue.read_new("dead-host", 5)
    bench.send([*rows[5:200], *rows[201:], (1, b"{")], origin="simulated")
    bench.train_on_simulated = True
    drainer = bench.drainer()
    assert drainer.drain().tally.refused == 1
    bench.send([rows[200], rows[3]])
    assert drainer.drain().tally.late == 1
    drainer.fitter.fit_all()
    assert bench.readings.queue.remove_acknowledged() == 382
    bench.readings.queue.delete_idle_consumers(but="me", idle_s=0)
    bench.readings.dashboard.write({"x": 1})
    bench.readings.models.refuse("well-1", rows=1, reason="x")
    bench.readings.backlog()
    bench.readings.dead_letters.newest()
    bench.send([rows[1]])
    bench.readings.queue.remove([entry.id for entry in bench.readings.queue.oldest_unprocessed(5)])
    bench.readings.queue.put_back("well-1", rows[2][1], origin="live", letter="1-0")
    commands = [command for command in sent() if command[0].upper() not in ("FLUSHALL", "MONITOR")]
    unknown = {command[0].upper() for command in commands} - KNOWN_TO_6_0
    assert not unknown
    for command in commands:
        name, words = command[0].upper(), {word.upper() for word in command[1:]}
        assert not words & ARGUMENTS_OF_LATER_VERSIONS.get(name, set()), command[:6]
        if name == "XRANGE":
            assert not any(word.startswith("(") for word in command[2:4]), "open ranges of ids came with 6.2"
    assert {"XCLAIM", "XPENDING", "XDEL", "EVALSHA"} <= {command[0].upper() for command in commands}
