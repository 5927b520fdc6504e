"""`anomalyctl dead-letters …`, as typed, on the real stores."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from anomalyctl.operations import connecting
from anomalyctl.operations.anomalies.acting import operator_name
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server

IDS = ("1763629200000-0", "1763629260000-0", "1763629320000-0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(
    server: CosmosServer, reading_store: ReadingStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AnomalyStore]:
    from anomalyctl.pipeline.dead_letters import new_letter
    from anomalyctl.stores.readings.queue import QueueEntry
    from anomalyctl.telemetry.times import from_epoch_ms

    monkeypatch.setenv("ANOMALYCTL_OPERATOR", "Anna")
    with fresh_store(server) as fresh:
        stores = SimpleNamespace(anomalies=fresh, readings=reading_store, operator=operator_name)
        monkeypatch.setattr(connecting, "connect", lambda name: stores)
        entries = [
            QueueEntry(IDS[0], "well-1", b'{"PH": [red]}' + b"x" * 9_000, "live"),
            QueueEntry(IDS[1], "well-2", b"\xff", "simulated"),
            QueueEntry(IDS[2], "well-1", b"{}", "live"),
        ]
        kinds: list[Any] = ["refused", "unjudged", "refused"]
        fresh.add_dead_letters(
            [
                new_letter(
                    entry,
                    kind=kind,
                    reason="PH: [red] is not a number",
                    field="PH",
                    now=from_epoch_ms(entry.arrived_ms),
                )
                for entry, kind in zip(entries, kinds, strict=True)
            ]
        )
        yield fresh


def documents(ended: Any) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def test_the_list_is_the_newest_first_and_filtered(
    anomalyctl: Callable[..., Any], store: AnomalyStore
) -> None:
    def listed(*arguments: str) -> list[str]:
        return [row["id"] for row in documents(anomalyctl("dead-letters", "list", "-o", "json", *arguments))]

    assert listed() == list(IDS[::-1])
    assert listed("--source", "well-2") == [IDS[1]]
    assert listed("--kind", "unjudged") == [IDS[1]]
    assert listed("--field", "PH", "--limit", "1") == [IDS[2]]
    assert listed("--since", "2025-11-20T09:01:30Z") == [IDS[2]]
    assert listed("--before", "2025-11-20T09:00:30Z") == [IDS[0]]
    assert anomalyctl("dead-letters", "list", "--since", "yesterday").code == 64


def test_people_see_what_came_as_it_came(anomalyctl: Callable[..., Any], store: AnomalyStore) -> None:
    shown = anomalyctl("dead-letters", "list").out
    assert "[red]" in shown
    assert all(len(line) <= 100 for line in shown.splitlines())
    ended = anomalyctl("dead-letters", "show", IDS[0])
    assert ended.code == 0
    assert ended.out.count("x") >= 9_000
    assert "[red]" in ended.out
    assert "No dead letters" in anomalyctl("dead-letters", "list", "--source", "well-9").out


def test_show_gives_programs_the_whole_payload_and_the_history(
    anomalyctl: Callable[..., Any], store: AnomalyStore
) -> None:
    shown = documents(anomalyctl("dead-letters", "show", IDS[0], "-o", "json"))
    assert shown["payload"] == '{"PH": [red]}' + "x" * 9_000
    assert [step["what"] for step in shown["history"]] == ["refused"]
    assert documents(anomalyctl("dead-letters", "show", IDS[1], "-o", "json"))["payload_encoding"] == "base64"
    assert anomalyctl("dead-letters", "show", "1763629200000-7").code == 1
    assert anomalyctl("dead-letters", "show", "nope").code == 64


def test_retry_puts_letters_into_the_queue_and_says_so_in_their_history(
    anomalyctl: Callable[..., Any], store: AnomalyStore, reading_store: ReadingStore
) -> None:
    report = documents(anomalyctl("dead-letters", "retry", "--all", "--source", "well-1", "-o", "json"))
    assert (report["done"], report["failed"]) == (2, 0)
    assert reading_store.backlog().queued == 2
    letter = store.dead_letter(IDS[0])
    assert letter is not None
    assert (letter["state"], letter["history"][-1]["by"]) == ("retrying", "Anna")


def test_a_dry_run_changes_nothing(
    anomalyctl: Callable[..., Any], store: AnomalyStore, reading_store: ReadingStore
) -> None:
    for action in ("retry", "purge"):
        report = documents(anomalyctl("dead-letters", action, "--all", "--dry-run", "-o", "json"))
        assert (report["dry_run"], report["done"], len(report["results"])) == (True, 0, 3)
    assert reading_store.backlog().queued == 0
    assert store.count_dead_letters() == 3


def test_purge_asks_first_and_deletes_what_was_named(
    anomalyctl: Callable[..., Any], store: AnomalyStore
) -> None:
    refused = anomalyctl("dead-letters", "purge", IDS[0])
    assert (refused.code, "--yes" in refused.err) == (3, True)
    assert store.count_dead_letters() == 3
    assert anomalyctl("dead-letters", "purge", IDS[0], "--yes").code == 0
    assert [row["id"] for row in store.select_dead_letters([], {})] == [IDS[2], IDS[1]]
    assert anomalyctl("dead-letters", "purge", IDS[0], "--yes").code == 1
    assert anomalyctl("dead-letters", "purge", IDS[0], IDS[1], "--yes").code == 7
    assert anomalyctl("dead-letters", "purge", "--all", "--yes").code == 0
    assert store.count_dead_letters() == 0


@pytest.mark.parametrize("arguments", [(), ("--all", IDS[0]), ("--confirm", "prod", "--all")])
def test_ids_or_all_and_the_right_environment(
    anomalyctl: Callable[..., Any], store: AnomalyStore, arguments: tuple[str, ...]
) -> None:
    for action in ("retry", "purge"):
        assert anomalyctl("dead-letters", action, *arguments).code == 64


def test_a_protected_environment_wants_its_name(anomalyctl: Callable[..., Any], store: AnomalyStore) -> None:
    assert anomalyctl("dead-letters", "purge", "--all", "--yes", "--env", "prod").code == 9
