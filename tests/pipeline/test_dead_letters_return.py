"""Dead letters on the real stores: whole, with their history, and back into the queue when that may help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.pipeline.dead_letters import MOST_ATTEMPTS, decode_payload
from anomalyctl.pipeline.retrying import retry_due, retry_letter
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import DEAD_LETTERS
from anomalyctl.telemetry.tags import Tag, TagRegistry
from tests.pipeline.conftest import NOW, Bench
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server

Quiet = Callable[..., list[tuple[int, bytes]]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer, bench: Bench) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        bench.verdicts = fresh  # type: ignore[assignment]
        yield fresh


def letters(store: AnomalyStore) -> list[dict[str, Any]]:
    return [store.dead_letter(head["id"]) or {} for head in store.select_dead_letters([], {})]


def refuse_all(tier: str, body: Mapping[str, Any]) -> httpx.Response | None:
    return httpx.Response(422, json={"detail": "no", "field": "CO2_FLOW_RATE"}) if _marked(body) else None


def _marked(body: Mapping[str, Any]) -> bool:
    return any("MARK" in reading for reading in body["readings"])


def marked(rows: list[tuple[int, bytes]], at: int) -> list[tuple[int, bytes]]:
    """Rows of which one carries a tag that the detectors of `refuse_all` cannot take."""
    ms, payload = rows[at]
    return [*rows[:at], (ms, orjson.dumps({**orjson.loads(payload), "MARK": 1.0})), *rows[at + 1 :]]


@pytest.mark.parametrize(
    "payload",
    [
        b"{" + b"x" * 20_000,
        b"\xff\xfe" + b"\x00" * 9_000,
        b"\x01" * 700_000,
        b"y" * 3_300_000,
        b"",
    ],
    ids=["long text", "no text", "control characters", "larger than a document", "empty"],
)
def test_a_payload_is_kept_to_its_last_byte(bench: Bench, store: AnomalyStore, payload: bytes) -> None:
    bench.redis.xadd("telemetry:readings", {"source": "well-1", "payload": payload})
    assert bench.drainer().drain().tally.refused == 1
    [letter] = letters(store)
    assert decode_payload(letter) == payload
    assert letter["payload_bytes"] == len(payload)
    assert letter["history"][0]["what"] == "refused"
    assert store.count_dead_letters() == 1
    assert bench.nothing_waits()
    assert store.forget_dead_letter(letter["id"])
    assert list(store.query(DEAD_LETTERS, "SELECT c.id FROM c", {})) == [], "its parts are gone with it"


def test_a_letter_is_written_once_however_often_its_entry_is_delivered(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    bench.send([(1, b"{"), *quiet(2)])
    acknowledge = bench.readings.queue.acknowledge
    bench.readings.queue.acknowledge = lambda ids: None  # type: ignore[method-assign]
    bench.drainer().drain()
    bench.readings.queue.acknowledge = acknowledge  # type: ignore[method-assign]
    bench.drainer().drain()
    [letter] = letters(store)
    assert (letter["attempts"], len(letter["history"])) == (1, 1)
    assert bench.nothing_waits()


def test_a_hundred_letters_of_which_some_are_there_already(store: AnomalyStore) -> None:
    document = {"failed_at": "2026-11-20T09:00:00.000000Z", "reason": "x", "payload": ""}
    store.add_dead_letters([{**document, "id": f"{1763629200000 + n}-0", "n": 1} for n in range(0, 100, 7)])
    store.add_dead_letters([{**document, "id": f"{1763629200000 + n}-0", "n": 2} for n in range(100)])
    assert store.count_dead_letters() == 100


def test_a_retried_letter_that_is_judged_is_no_letter_any_more(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    rows = quiet(10)
    broken = orjson.loads(rows[4][1])
    del broken["INJECTION_PRESSURE"]
    bench.send([*rows[:4], (rows[4][0], orjson.dumps(broken)), *rows[5:]])
    drainer = bench.drainer()
    drainer.drain()
    [letter] = letters(store)
    assert (letter["kind"], letter["next_try_at"]) == ("refused", None)
    registry = bench.readings.load_registry("well-1")
    tags = {**registry.tags, "INJECTION_PRESSURE": Tag("INJECTION_PRESSURE", core=False)}
    bench.readings.save_registry("well-1", TagRegistry(tags=tags, cadence_s=registry.cadence_s))
    assert retry_due(bench.readings, store, now=NOW) == 0, "rules do not change by themselves"
    retry_letter(bench.readings, store, letter["id"], by="Anna", now=NOW)
    assert letters(store)[0]["state"] == "retrying"
    drained = bench.drainer().drain()
    assert (drained.tally.judged, drained.tally.late) == (1, 1)
    assert letters(store) == []
    assert bench.readings.dead_letters.count() == 0
    verdict = store.verdict(f"well-1:{rows[4][0]}")
    assert verdict is not None
    assert verdict["explanation"]["late"]
    assert bench.nothing_waits()


def test_a_retried_letter_that_fails_again_keeps_its_id_and_its_history(
    bench: Bench, store: AnomalyStore
) -> None:
    bench.send([(1, b"{")])
    bench.drainer().drain()
    [letter] = letters(store)
    retry_letter(bench.readings, store, letter["id"], by="Anna", now=NOW)
    bench.drainer().drain()
    [again] = letters(store)
    assert (again["id"], again["attempts"], again["state"]) == (letter["id"], 2, "waiting")
    assert [(step["what"], step["by"]) for step in again["history"]] == [
        ("refused", "pipeline"),
        ("retried", "Anna"),
        ("refused", "pipeline"),
    ]
    assert again["payload"] == "{"
    assert bench.readings.dead_letters.count() == 1


def test_the_timer_retries_what_no_detector_could_judge_until_it_can(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    bench.judges.before = refuse_all
    bench.send(marked(quiet(10), 3))
    assert bench.drainer().drain().tally.refused == 1
    [letter] = letters(store)
    assert letter["kind"] == "unjudged"
    assert retry_due(bench.readings, store, now=NOW) == 0, "not at once"
    assert retry_due(bench.readings, store, now=NOW + timedelta(minutes=2)) == 1
    assert retry_due(bench.readings, store, now=NOW + timedelta(minutes=3)) == 0, "it is on its way"
    bench.drainer().drain()
    assert letters(store)[0]["attempts"] == 2
    bench.judges.before = lambda tier, body: None
    assert retry_due(bench.readings, store, now=NOW + timedelta(hours=3)) == 1
    assert bench.drainer().drain().tally.judged == 1
    assert letters(store) == []


def test_after_five_tries_only_an_operator_tries_again(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    bench.judges.before = refuse_all
    bench.send(marked(quiet(5), 3))
    bench.drainer().drain()
    rounds = 0
    while retry_due(bench.readings, store, now=NOW + timedelta(hours=2)):
        bench.drainer().drain()
        rounds += 1
    [letter] = letters(store)
    assert (rounds, letter["attempts"], letter["next_try_at"]) == (MOST_ATTEMPTS - 1, MOST_ATTEMPTS, None)


def test_a_letter_lost_between_its_mark_and_the_queue_is_put_back_by_the_timer(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    bench.judges.before = refuse_all
    bench.send(marked(quiet(5), 3))
    bench.drainer().drain()
    [letter] = letters(store)
    put_back = bench.readings.queue.put_back

    def killed(*arguments: Any, **options: Any) -> str:
        raise KeyboardInterrupt

    bench.readings.queue.put_back = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        retry_letter(bench.readings, store, letter["id"], by="Anna", now=NOW)
    bench.readings.queue.put_back = put_back  # type: ignore[method-assign]
    assert bench.nothing_waits()
    bench.judges.before = lambda tier, body: None
    assert retry_due(bench.readings, store, now=NOW + timedelta(minutes=11)) == 1
    bench.drainer().drain()
    assert letters(store) == []


def test_an_unknown_id_is_not_found_and_what_is_no_id_is_refused(bench: Bench, store: AnomalyStore) -> None:
    with pytest.raises(NotFound):
        retry_letter(bench.readings, store, "1763629200000-9", by="Anna", now=NOW)
    for wrong in ("nope", "../x", "99999999999999999-0"):
        with pytest.raises(InvalidInput):
            store.dead_letter(wrong)


def test_a_letter_field_that_a_producer_invents_is_not_believed(bench: Bench, quiet: Quiet) -> None:
    [(_, payload)] = quiet(1)
    entry = {"source": "well-1", "payload": payload, "letter": "../../x"}
    bench.redis.xadd("telemetry:readings", entry)
    assert bench.drainer().drain().tally.judged == 1


def forge(bench: Bench, payload: bytes, letter: str, source: str = "well-1") -> None:
    bench.redis.xadd("telemetry:readings", {"source": source, "payload": payload, "letter": letter})


def test_a_reading_that_names_anothers_letter_is_judged_and_the_letter_stays(
    bench: Bench, store: AnomalyStore, quiet: Quiet
) -> None:
    rows = quiet(3)
    bench.send([(1, b"{broken")])
    bench.drainer().drain()
    [letter] = letters(store)
    forge(bench, rows[0][1], letter["id"])
    drained = bench.drainer().drain()
    assert (drained.tally.judged, bench.nothing_waits()) == (1, True)
    assert letters(store) == [letter]
    assert [one.id for one in bench.readings.dead_letters.newest()] == [letter["id"]]
    forge(bench, rows[0][1], letter["id"])  # judged before: the other way out of the queue
    bench.drainer().drain()
    assert letters(store) == [letter]


def test_a_refused_reading_that_names_anothers_letter_becomes_one_of_its_own(
    bench: Bench, store: AnomalyStore
) -> None:
    bench.send([(1, b"{broken")])
    bench.drainer().drain()
    [letter] = letters(store)
    forge(bench, b"{broken otherwise", letter["id"])
    bench.drainer().drain()
    found = {each["id"]: each for each in letters(store)}
    assert found.pop(letter["id"]) == letter
    [other] = found.values()
    assert (decode_payload(other), other["attempts"]) == (b"{broken otherwise", 1)
    assert {one.id for one in bench.readings.dead_letters.newest()} == {letter["id"], other["id"]}
