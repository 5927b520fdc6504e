"""The Redis side on a real server: what is written, what is kept, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, LostRace, SignInFailed, Transient, Unreachable
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.dead_letters import DeadLetter
from anomalyctl.stores.readings.keys import READINGS, simulated_key, window_key
from anomalyctl.stores.readings.memory import as_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR_MS = 3_600_000


@pytest.fixture
def store(redis_client: Any) -> ReadingStore:
    return ReadingStore(redis_client)


def _payloads(*times: int) -> list[tuple[int, bytes]]:
    return [(ms, f'{{"timestamp": {ms}}}'.encode()) for ms in times]


def test_an_appended_reading_is_in_the_queue_and_in_the_window(
    store: ReadingStore, redis_client: Any
) -> None:
    assert store.append("well-1", _payloads(NOW_MS), origin="live") == 1
    assert store.window("well-1", 0, NOW_MS) == _payloads(NOW_MS)
    [(_, fields)] = redis_client.xrange(READINGS)
    assert fields == {b"source": b"well-1", b"payload": _payloads(NOW_MS)[0][1], b"origin": b"live"}


def test_the_window_is_cut_24_hours_before_the_newest_accepted_reading(store: ReadingStore) -> None:
    old, edge = NOW_MS - 24 * HOUR_MS - 1, NOW_MS - 24 * HOUR_MS
    store.append("well-1", _payloads(old, edge, NOW_MS), origin="live")
    assert store.windows.count("well-1") == 3, "nothing was judged yet"
    store.windows.keep("well-1", _payloads(NOW_MS), newest_ms=NOW_MS)
    assert [ms for ms, _ in store.window("well-1", 0, NOW_MS)] == [edge, NOW_MS]
    assert store.backlog().queued == 3, "the queue is not cut"


def test_a_reading_older_than_the_window_does_not_enter_it(store: ReadingStore) -> None:
    store.windows.keep("well-1", _payloads(NOW_MS - 25 * HOUR_MS, NOW_MS), newest_ms=NOW_MS)
    assert [ms for ms, _ in store.window("well-1", 0, NOW_MS)] == [NOW_MS]


def test_the_window_expires_24_hours_after_the_last_write_and_the_queue_never(
    store: ReadingStore, redis_client: Any
) -> None:
    store.append("well-1", _payloads(NOW_MS), origin="simulated")
    for key in (window_key("well-1"), simulated_key("well-1")):
        assert 86_390 < redis_client.ttl(key) <= 86_400
    redis_client.expire(window_key("well-1"), 5)
    store.append("well-1", _payloads(NOW_MS + 1), origin="live")
    assert redis_client.ttl(window_key("well-1")) > 86_390
    assert redis_client.ttl(READINGS) == -1


def test_a_day_is_appended_whole_and_read_back_in_order(store: ReadingStore) -> None:
    day = _payloads(*range(NOW_MS - 8_640 * 10_000, NOW_MS, 10_000))
    assert store.append("well-1", day, origin="recorded") == 8_640
    assert store.window("well-1", 0, NOW_MS) == day
    assert store.window("well-1", 0, NOW_MS, limit=120) == day[-120:]
    assert store.newest_ms("well-1") == day[-1][0]
    assert store.backlog().queued == 8_640


def test_only_simulated_readings_are_marked_as_such(store: ReadingStore) -> None:
    store.append("well-1", _payloads(NOW_MS), origin="live")
    store.append("well-1", _payloads(NOW_MS + 1, NOW_MS + 2), origin="simulated")
    assert store.windows.simulated("well-1", 0, NOW_MS + 9) == {NOW_MS + 1, NOW_MS + 2}


def test_what_was_simulated_or_alarmed_is_cut_with_the_window(store: ReadingStore) -> None:
    old = NOW_MS - 25 * HOUR_MS
    store.windows.keep("well-1", _payloads(old), newest_ms=old, simulated=[old], alarmed=[old])
    assert store.windows.alarmed("well-1", 0, NOW_MS) == {old}
    store.windows.keep("well-1", _payloads(NOW_MS), newest_ms=NOW_MS, simulated=[NOW_MS], alarmed=[NOW_MS])
    assert store.windows.alarmed("well-1", 0, NOW_MS) == {NOW_MS}
    assert store.windows.simulated("well-1", 0, NOW_MS) == {NOW_MS}


def test_keeping_a_reading_that_is_in_the_window_changes_nothing(store: ReadingStore) -> None:
    store.append("well-1", _payloads(NOW_MS), origin="live")
    store.windows.keep("well-1", _payloads(NOW_MS), newest_ms=NOW_MS)
    assert store.windows.count("well-1") == 1
    store.windows.remove("well-1", [_payloads(NOW_MS)[0][1]])
    assert store.newest_ms("well-1") is None


def test_sources_are_those_with_a_window(store: ReadingStore) -> None:
    assert store.sources() == []
    for source in ("well-2", "plant-a"):
        store.append(source, _payloads(NOW_MS), origin="live")
    assert store.sources() == ["plant-a", "well-2"]


def test_memory_full_is_a_sentence_and_leaves_nothing_half_written(
    store: ReadingStore, redis_client: Any
) -> None:
    redis_client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Transient, match="out of memory"):
            store.append("well-1", _payloads(NOW_MS), origin="live")
    finally:
        redis_client.config_set("maxmemory", 0)
    assert not redis_client.exists(READINGS)
    assert not redis_client.exists(window_key("well-1"))


def test_the_model_in_use_is_replaced_and_five_before_it_are_kept(store: ReadingStore) -> None:
    assert store.load_model("well-1") is None
    assert store.load_model_version("well-1") is None
    for number in range(1, 9):
        store.save_model("well-1", version=f"v{number}", data=bytes([number]), fitted_at=NOW)
    assert store.load_model_version("well-1") == "v8"
    current = store.load_model("well-1")
    assert current is not None
    assert (current.data, current.fitted_at) == (b"\x08", NOW)
    assert store.models.previous("well-1") == ["v7", "v6", "v5", "v4", "v3"]
    assert store.load_model("well-1", "v3").data == b"\x03"  # type: ignore[union-attr]
    assert store.load_model("well-1", "v2") is None


def test_memory_is_kept_per_tier_and_a_tier_that_is_not_written_keeps_its_own(store: ReadingStore) -> None:
    lease = store.leases.acquire("readings", "me", ttl_s=60)
    assert lease is not None
    store.save_memory("well-1", {"heuristic": {"as_of": 1}, "ml": {"as_of": 1}}, lease=lease)
    store.save_memory("well-1", {"heuristic": {"as_of": 2}}, lease=lease)
    memories = store.load_memory("well-1")
    assert memories == {"heuristic": {"as_of": 2}, "ml": {"as_of": 1}}
    assert as_of(memories) == 2
    assert as_of({}) is None


def test_a_memory_over_64_kilobytes_is_refused_and_nothing_is_written(store: ReadingStore) -> None:
    lease = store.leases.acquire("readings", "me", ttl_s=60)
    assert lease is not None
    with pytest.raises(InvalidInput, match="ml tier") as refused:
        store.save_memory("well-1", {"heuristic": {"as_of": 1}, "ml": {"x": "y" * 65_536}}, lease=lease)
    assert refused.value.field == "ml"
    assert store.load_memory("well-1") == {}


def test_a_drainer_that_lost_its_lease_cannot_write_memory(store: ReadingStore) -> None:
    stalled = store.leases.acquire("readings", "a", ttl_s=60)
    assert stalled is not None
    assert store.leases.acquire("readings", "b", ttl_s=60) is None
    assert store.leases.release(stalled)
    successor = store.leases.acquire("readings", "b", ttl_s=60)
    assert successor is not None
    assert successor.token > stalled.token
    assert store.leases.holder("readings") == "b"
    with pytest.raises(LostRace):
        store.save_memory("well-1", {"ml": {"as_of": 1}}, lease=stalled)
    assert not store.leases.renew(stalled, ttl_s=60)
    assert not store.leases.release(stalled), "nobody gives back what is another's"
    assert store.leases.renew(successor, ttl_s=60)


def test_dead_letters_are_kept_once_with_the_field_and_the_newest_first(store: ReadingStore) -> None:
    letters = [DeadLetter(f"{n}-0", "well-1", "live", "why", "CO2_FLOW_RATE", n, "{}") for n in range(1, 4)]
    store.dead_letters.add(letters)
    store.dead_letters.add(letters)
    assert store.dead_letters.newest() == letters[::-1]


def test_a_registry_of_its_own_replaces_the_built_in_one(store: ReadingStore) -> None:
    from anomalyctl.telemetry.tags import Tag, TagRegistry

    assert "CO2_FLOW_RATE" in store.load_registry("loop").tags
    own = TagRegistry(tags={"Pressure": Tag("Pressure", core=True)}, cadence_s=1.0)
    store.save_registry("loop", own)
    assert store.load_registry("loop").core == ("Pressure",)
    assert store.load_registry("loop").cadence_s == 1.0
    assert "CO2_FLOW_RATE" in store.load_registry("well-1").tags


def test_a_wrong_password_is_a_sign_in_that_failed(valkey: Any) -> None:
    client = connect_redis(f"{valkey.host}:{valkey.port},password=wrong,ssl=False")
    with pytest.raises(SignInFailed) as failed:
        ReadingStore(client).ping()
    assert "wrong" not in failed.value.message


def test_nobody_at_the_address_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        ReadingStore(connect_redis("127.0.0.1:1,ssl=False")).ping()
