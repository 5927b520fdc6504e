"""Episodes on the real store: what is written, how often, and what happens when others write too."""

from __future__ import annotations

from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, Transient
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import reopen, resolve
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import open_store
from tests.support.cosmos_server import CosmosServer
from tests.support.verdict_documents import START, verdict


class Counting:
    """The store, with its calls counted; something may happen before a named one."""

    def __init__(self, store: AnomalyStore) -> None:
        self._store = store
        self.calls: list[str] = []
        self.before: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.calls.append(name)
            if name in self.before:
                self.before.pop(name)()
            return method(*arguments, **named)

        return call


def open_ones(store: AnomalyStore) -> list[dict[str, Any]]:
    return [each for each in store.episodes_since("well-1", 0) if each["status"] == "open"]


def test_normal_verdicts_ask_nothing_of_the_database(store: AnomalyStore) -> None:
    counting = Counting(store)
    assert Episodes(counting).record([verdict(second) for second in range(100)]) == []
    assert counting.calls == []


def test_a_batch_opens_its_episode_with_one_query_and_one_write(store: AnomalyStore) -> None:
    counting = Counting(store)
    episodes = Episodes(counting)
    [change] = episodes.record([verdict(0), verdict(10, "A"), verdict(20, "A"), verdict(30)])
    assert (change.kind, change.occurrences, change.added) == ("opened", 2, 2)
    assert counting.calls == ["episodes_since", "create_unresolved"]
    [joined] = episodes.record([verdict(40, "A", severity="critical")])
    assert (joined.kind, joined.severity_level, joined.occurrences) == ("joined", "critical", 3)
    assert counting.calls[2:] == ["patch_unresolved"]


def test_a_reading_that_another_counted_under_other_tags_before_it_died_is_counted_once(
    store: AnomalyStore,
) -> None:
    mine, theirs = Episodes(store), Episodes(store)
    mine.record([verdict(0, "B")])
    theirs.record([verdict(10, "A")])
    mine.forget(["well-1"])
    mine.record([verdict(10, "B")])
    assert sorted(each["occurrences"] for each in open_ones(store)) == [1, 1]


def test_recording_the_same_again_changes_nothing_in_this_process_or_another(
    store: AnomalyStore, cosmos: CosmosServer
) -> None:
    documents = [verdict(second * 10, "A") for second in range(20)]
    Episodes(store).record(documents)
    [before] = open_ones(store)
    assert Episodes(store).record(documents) == []
    assert Episodes(open_store(cosmos, store.database.id)).record(documents[5:]) == []
    assert open_ones(store) == [before]


def test_two_processes_that_count_side_by_side_lose_nothing(
    store: AnomalyStore, cosmos: CosmosServer
) -> None:
    one, other = Episodes(store), Episodes(open_store(cosmos, store.database.id))
    for second in range(0, 200, 20):
        one.record([verdict(second, "A")])
        other.record([verdict(second + 10, "A")])
    [episode] = open_ones(store)
    assert episode["occurrences"] == 20
    assert episode["revision"] == 0


def test_a_newer_occurrence_after_a_resolve_opens_a_new_episode(store: AnomalyStore) -> None:
    episodes = Episodes(store)
    [first] = episodes.record([verdict(0, "A")])
    resolve(store, first.anomaly_id, notes="pump", by="Anna", now=START)
    [second] = episodes.record([verdict(10, "A")])
    assert (second.kind, second.occurrences) == ("opened", 1)
    assert second.anomaly_id != first.anomaly_id


def test_repeating_what_was_resolved_opens_nothing_even_when_the_closing_has_expired(
    store: AnomalyStore,
) -> None:
    documents = [verdict(0, "A"), verdict(10, "A")]
    [first] = Episodes(store).record(documents)
    resolve(store, first.anomaly_id, notes="pump", by="Anna", now=START)
    assert Episodes(store).record(documents) == []
    store.container("unresolved_anomalies").delete_item(first.anomaly_id, first.anomaly_id)
    assert Episodes(store).record(documents) == []
    assert open_ones(store) == []


def test_a_resolve_between_reading_and_counting_is_seen(store: AnomalyStore) -> None:
    counting = Counting(store)
    episodes = Episodes(counting)
    [first] = episodes.record([verdict(0, "A")])
    counting.before["patch_unresolved"] = lambda: resolve(
        store, first.anomaly_id, notes="pump", by="Anna", now=START
    )
    [change] = episodes.record([verdict(10, "A")])
    assert change.kind == "opened"
    resolved = store.resolved(first.anomaly_id)
    assert resolved is not None
    assert resolved["occurrences"] == 1


def test_another_process_that_opens_the_same_episode_first_is_joined(
    store: AnomalyStore, cosmos: CosmosServer
) -> None:
    counting = Counting(store)
    other = Episodes(open_store(cosmos, store.database.id))
    counting.before["create_unresolved"] = lambda: other.record([verdict(0, "A")])
    changes = Episodes(counting).record([verdict(0, "A"), verdict(10, "A")])
    assert [(change.kind, change.occurrences) for change in changes] == [("joined", 2)]
    assert len(open_ones(store)) == 1


def test_a_batch_interrupted_between_two_episodes_is_completed_by_repeating_it(store: AnomalyStore) -> None:
    counting = Counting(store)
    documents = [verdict(0, "A"), verdict(10, "B"), verdict(20, "A"), verdict(30, "B")]

    def stop() -> None:
        counting.before["create_unresolved"] = fail

    def fail() -> None:
        raise Transient("cut off")

    counting.before["create_unresolved"] = stop
    with pytest.raises(Transient):
        Episodes(counting).record(documents)
    assert [each["occurrences"] for each in open_ones(store)] == [2]
    Episodes(store).record(documents)
    assert [each["occurrences"] for each in open_ones(store)] == [2, 2]


def test_a_late_reading_of_a_running_episode_joins_it(store: AnomalyStore) -> None:
    Episodes(store).record([verdict(0, "A"), verdict(1200, "A", "B"), verdict(1800, "B")])
    Episodes(store).record([verdict(1500, "B")])
    assert [(each["occurrences"], each["tags"]) for each in open_ones(store)] == [
        (1, ["A"]),
        (3, ["B", "A"]),
    ]


def test_a_reopened_episode_counts_again_once_the_memory_is_old(store: AnomalyStore) -> None:
    now = [0.0]
    episodes = Episodes(store, clock=lambda: now[0])
    [first] = episodes.record([verdict(0, "A")])
    resolve(store, first.anomaly_id, notes="pump", by="Anna", now=START)
    [second] = episodes.record([verdict(10, "A")])
    reopen(store, first.anomaly_id, reason="again", by="Anna", now=START)
    now[0] = 29
    assert [change.anomaly_id for change in episodes.record([verdict(20, "A")])] == [second.anomaly_id]
    now[0] = 31
    assert [change.anomaly_id for change in episodes.record([verdict(30, "A")])] == [first.anomaly_id]


def test_one_call_takes_one_source(store: AnomalyStore) -> None:
    with pytest.raises(InvalidInput):
        Episodes(store).record([verdict(0, "A"), verdict(0, "A", source="well-2")])


def test_sources_never_share_an_episode(store: AnomalyStore) -> None:
    Episodes(store).record([verdict(0, "A")])
    [other] = Episodes(store).record([verdict(10, "A", source="well-2")])
    assert other.kind == "opened"
    assert len(open_ones(store)) == 1
