"""The three triggers on real stores: what they pass, when they call, what they acknowledge."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.cosmos import CosmosClient, PartitionKey
from azure.functions import TimerRequest

from anomalyctl.local.functions.bindings import read_definitions
from anomalyctl.local.functions.calls import Calls
from anomalyctl.local.functions.host import FunctionHost
from anomalyctl.local.functions.timer import TimerTrigger, next_time
from anomalyctl.stores.cosmos import connect_cosmos

Poll = Callable[[float, Callable[[], Any]], bool]
STREAM = {
    "type": "redisStreamTrigger",
    "name": "entry",
    "connection": "R",
    "key": "queue",
    "pollingIntervalInMs": 20,
    "maxBatchSize": 4,
}
FEED = {
    "type": "cosmosDBTrigger",
    "name": "documents",
    "connection": "C",
    "databaseName": "feed",
    "containerName": "things",
    "leaseContainerName": "leases",
    "startFromBeginning": True,
    "feedPollDelay": 20,
}


FAIL_TWICE = """
calls = []
def fail_twice():
    calls.append(1)
    if len(calls) < 3:
        raise RuntimeError("not yet")
"""


class Hosts:
    """Hosts that are stopped at the end of the test."""

    def __init__(self) -> None:
        self.hosts: list[FunctionHost] = []

    def start(self, app: Any, **settings: str) -> FunctionHost:
        host = FunctionHost(app.root, settings)
        self.hosts.append(host)
        host.start()
        return host

    def stop(self) -> None:
        for host in self.hosts:
            host.ask_to_stop()
        for host in self.hosts:
            assert host.wait_for_calls(10) == []
        self.hosts.clear()


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    hosts = Hosts()
    yield hosts
    hosts.stop()


@pytest.fixture
def database(cosmos_connection_string: str) -> Iterator[Any]:
    client: CosmosClient = connect_cosmos(cosmos_connection_string)
    database = client.create_database("feed")
    database.create_container("things", PartitionKey("/id"))
    database.create_container("leases", PartitionKey("/id"))
    yield database
    client.delete_database("feed")
    client.close()


def report_of(host: FunctionHost, name: str) -> dict[str, Any]:
    return next(function for function in host.report()["functions"] if function["name"] == name)


def test_a_stream_entry_comes_as_text_and_is_acknowledged(
    app: Any, hosts: Hosts, valkey: Any, redis_client: Any, within: Poll
) -> None:
    app.function("bell", STREAM, "note(entry)")
    first = redis_client.xadd("queue", {"source": "well-1", "payload": '{"a": 1}'})
    hosts.start(app, R=valkey.connection_string)
    second = redis_client.xadd("queue", {"source": "ü"})
    assert within(10, lambda: len(app.noted()) == 2)
    values = [json.loads(line) for line in app.noted()]
    assert values == [
        {"Id": first.decode(), "Values": {"source": "well-1", "payload": '{"a": 1}'}},
        {"Id": second.decode(), "Values": {"source": "ü"}},
    ]
    assert within(5, lambda: redis_client.xpending("queue", "bell")["pending"] == 0)


def test_the_entry_of_a_failed_call_is_acknowledged_as_the_extension_does(
    app: Any, hosts: Hosts, valkey: Any, redis_client: Any, within: Poll
) -> None:
    app.function("bell", STREAM, "note(entry)\nraise RuntimeError('no')")
    host = hosts.start(app, R=valkey.connection_string)
    redis_client.xadd("queue", {"n": 1})
    assert within(10, lambda: report_of(host, "bell")["failures"] == 1)
    assert within(5, lambda: redis_client.xpending("queue", "bell")["pending"] == 0)
    record = report_of(host, "bell")
    assert record["last_error"] == "RuntimeError: no"
    assert record["last_run"]
    redis_client.xadd("queue", {"n": 2})
    assert within(10, lambda: len(app.noted()) == 2), "a failure must not end the trigger"
    assert report_of(host, "bell")["trouble"] == "RuntimeError: no"


def test_the_consumer_is_deleted_when_the_host_stops(
    app: Any, hosts: Hosts, valkey: Any, redis_client: Any, within: Poll
) -> None:
    app.function("bell", STREAM, "note(entry)")
    hosts.start(app, R=valkey.connection_string, WEBSITE_INSTANCE_ID="here")
    redis_client.xadd("queue", {"n": 1})
    assert within(10, app.noted)
    assert [one["name"] for one in redis_client.xinfo_consumers("queue", "bell")] == [b"here"]
    hosts.stop()
    assert redis_client.xinfo_consumers("queue", "bell") == []


def test_a_stream_that_was_deleted_is_made_anew(
    app: Any, hosts: Hosts, valkey: Any, redis_client: Any, within: Poll
) -> None:
    app.function("bell", STREAM, "note(entry)")
    hosts.start(app, R=valkey.connection_string)
    assert within(10, lambda: redis_client.exists("queue"))
    redis_client.delete("queue")
    assert within(10, lambda: redis_client.exists("queue"))
    redis_client.xadd("queue", {"n": 1})
    assert within(10, app.noted)


def test_a_store_that_is_away_ends_no_trigger(app: Any, hosts: Hosts, within: Poll) -> None:
    app.function("bell", STREAM, "note(entry)")
    host = hosts.start(app, R="127.0.0.1:1,password=x,ssl=False")
    assert within(10, lambda: report_of(host, "bell")["last_error"])
    assert report_of(host, "bell")["alive"]
    assert "the trigger failed" in report_of(host, "bell")["trouble"]


def test_times_follow_the_six_fields() -> None:
    start = datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    assert next_time("*/10 * * * * *", start) == datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    assert next_time("0 15 3 * * *", start) == datetime(2026, 1, 1, 3, 15, tzinfo=UTC)


def timer_on(app: Any, clock: Callable[[], datetime], function: Callable[..., Any]) -> TimerTrigger:
    definition = read_definitions(app.root, {})[0]
    stopping = threading.Event()
    return TimerTrigger(definition, Calls(definition, function, stopping), stopping, clock)


def test_a_timer_calls_when_it_is_time_and_never_catches_up(app: Any) -> None:
    schedule = {"type": "timerTrigger", "name": "timer", "schedule": "*/10 * * * * *"}
    app.function("tick", schedule, "pass")
    now = [datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)]
    got: list[TimerRequest] = []

    def long_call(timer: TimerRequest) -> None:
        got.append(timer)
        now[0] += timedelta(seconds=25)  # two more fall due meanwhile

    trigger = timer_on(app, lambda: now[0], long_call)
    assert trigger.round() == pytest.approx(9.0)
    assert got == []
    now[0] += timedelta(seconds=9)
    assert trigger.round() == pytest.approx(5.0)
    assert len(got) == 1
    assert not got[0].past_due
    assert isinstance(got[0], TimerRequest)
    now[0] += timedelta(seconds=9)
    trigger.round()
    assert got[1].past_due


def test_a_clock_that_is_set_back_does_not_silence_a_timer(app: Any) -> None:
    schedule = {"type": "timerTrigger", "name": "timer", "schedule": "*/10 * * * * *"}
    app.function("tick", schedule, "pass")
    now = [datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)]
    got: list[TimerRequest] = []
    trigger = timer_on(app, lambda: now[0], lambda timer: got.append(timer))
    trigger.round()
    now[0] -= timedelta(hours=6)
    assert trigger.round() == pytest.approx(9.0)
    now[0] += timedelta(seconds=9)
    trigger.round()
    assert len(got) == 1


def test_a_timer_may_run_at_the_start(app: Any) -> None:
    schedule = {"type": "timerTrigger", "name": "timer", "schedule": "0 0 0 1 1 *", "runOnStartup": True}
    app.function("tick", schedule, "pass")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    got: list[TimerRequest] = []
    trigger = timer_on(app, lambda: now, lambda timer: got.append(timer))
    trigger.round()
    trigger.round()
    assert len(got) == 1


def test_changes_come_as_documents_and_once_when_all_is_well(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    app.function("changed", FEED, "note([type(documents).__name__, [dict(d)['id'] for d in documents]])")
    things = database.get_container_client("things")
    things.upsert_item({"id": "before"})
    host = hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: len(app.noted()) == 1)
    things.upsert_item({"id": "after"})
    assert within(10, lambda: len(app.noted()) == 2)
    assert app.noted() == ["['DocumentList', ['before']]", "['DocumentList', ['after']]"]
    assert report_of(host, "changed")["failures"] == 0


def test_after_a_restart_the_feed_goes_on_where_it_stopped(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    app.function("changed", FEED, "note([dict(d)['id'] for d in documents])")
    things = database.get_container_client("things")
    things.upsert_item({"id": "1"})
    hosts.start(app, C=cosmos_connection_string)
    leases = database.get_container_client("leases")
    assert within(10, lambda: list(leases.read_all_items()))
    hosts.stop()
    things.upsert_item({"id": "2"})
    hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: len(app.noted()) == 2)
    assert app.noted() == ["['1']", "['2']"]


def test_a_batch_is_bounded(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    app.function("changed", {**FEED, "maxItemsPerInvocation": 2}, "note(len(documents))")
    for number in range(5):
        database.get_container_client("things").upsert_item({"id": str(number)})
    hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: app.noted() == ["2", "2", "1"])


def test_a_failed_batch_comes_again_where_the_policy_says_so(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    policy = {"strategy": "fixedDelay", "maxRetryCount": -1, "delayInterval": "00:00:0.05"}
    app.function("changed", FEED, "note([dict(d)['id'] for d in documents])\nfail_twice()", retry=policy)
    script = app.root / "changed" / "__init__.py"
    script.write_text(script.read_text() + FAIL_TWICE)
    database.get_container_client("things").upsert_item({"id": "1"})
    hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: app.noted() == ["['1']"] * 3)


def test_a_call_that_was_cut_short_comes_again_at_the_next_start(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    policy = {"strategy": "fixedDelay", "maxRetryCount": -1, "delayInterval": "00:10:00"}
    app.function(
        "changed", FEED, "note([dict(d)['id'] for d in documents])\nraise RuntimeError('no')", retry=policy
    )
    database.get_container_client("things").upsert_item({"id": "1"})
    hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: len(app.noted()) == 1)
    hosts.stop()
    hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: len(app.noted()) == 2)


def test_a_container_that_is_not_there_yet_is_waited_for(
    app: Any, hosts: Hosts, database: Any, cosmos_connection_string: str, within: Poll
) -> None:
    app.function("changed", {**FEED, "containerName": "later"}, "note(len(documents))")
    host = hosts.start(app, C=cosmos_connection_string)
    assert within(10, lambda: "not there yet" in (report_of(host, "changed")["last_error"] or ""))
    later = database.create_container("later", PartitionKey("/id"))
    later.upsert_item({"id": "1"})
    assert within(15, lambda: app.noted() == ["1"])
    assert within(5, lambda: report_of(host, "changed")["trouble"] is None)


def test_ctrl_c_while_a_call_is_waited_for_does_not_take_it_for_ended(
    app: Any, hosts: Hosts, within: Poll, tmp_path: Path, heeding_ctrl_c: None
) -> None:
    go_on = tmp_path / "go-on"
    body = (
        "import pathlib, time\nnote('begun')\n"
        f"while not pathlib.Path({str(go_on)!r}).exists(): time.sleep(0.02)"
    )
    app.function(
        "slow",
        {"type": "timerTrigger", "name": "timer", "schedule": "* * * * * *", "runOnStartup": True},
        body,
    )
    host = hosts.start(app)
    assert within(10, lambda: app.noted() == ["begun"])
    host.ask_to_stop()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        host.wait_for_calls(10)
    assert host.wait_for_calls(0.05) == ["slow"]
    assert host.report()["status"] == "healthy"
    go_on.touch()
    assert host.wait_for_calls(10) == []
    assert host.report()["status"] == "unhealthy"
