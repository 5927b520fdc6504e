"""Two at once, on the real store: one winner, and the other is told by whom and when."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from anomalyctl.errors import LostRace
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import assign, reopen, resolve
from anomalyctl.triage.clean_up import clean_up
from anomalyctl.triage.episodes import Episodes
from anomalyctl.triage.finding import current
from tests.support.anomaly_stores import open_store
from tests.support.cosmos_server import CosmosServer
from tests.support.triage_actions import LATER, Racing, assert_whole
from tests.support.verdict_documents import verdict


def test_the_second_operator_is_told_by_whom_and_when(store: AnomalyStore, anomaly_id: str) -> None:
    resolve(store, anomaly_id, notes="pump", by="Anna", now=LATER)
    with pytest.raises(LostRace, match=r"resolved by Anna at 2026-11-20T10:00:00.000000Z") as lost:
        resolve(store, anomaly_id, notes="valve", by="Björn", now=LATER)
    assert lost.value.exit_code == 6
    assert lost.value.details["by"] == "Anna"
    assert len(store.events(anomaly_id)) == 1


def test_of_many_operators_at_once_exactly_one_wins(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    results: list[str] = []
    start = threading.Barrier(6)

    def operator(name: str) -> None:
        own = open_store(cosmos, store.database.id)
        start.wait()
        try:
            resolve(own, anomaly_id, notes=f"by {name}", by=name, now=LATER)
            results.append("won")
        except LostRace as error:
            results.append(error.message)
        own.close()

    threads = [threading.Thread(target=operator, args=(f"operator-{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert results.count("won") == 1
    winner = store.resolved(anomaly_id)
    assert winner is not None
    assert all(f"resolved by {winner['resolved_by']}" in each for each in results if each != "won")
    assert len(store.events(anomaly_id)) == 1


def test_operators_win_over_the_pipeline_that_only_counts(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    counting = Episodes(open_store(cosmos, store.database.id))
    racing = Racing(store, "patch_unresolved", lambda: counting.record([verdict(20, "A")]))
    outcome = resolve(racing, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert (outcome.revision, outcome.changed) == (1, True)
    resolved = store.resolved(anomaly_id)
    assert resolved is not None
    assert resolved["occurrences"] == 3


def test_an_action_that_comes_between_reading_and_patching_is_a_lost_race(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    other = open_store(cosmos, store.database.id)
    racing = Racing(
        store, "patch_unresolved", lambda: assign(other, anomaly_id, to="Björn", by="Björn", now=LATER)
    )
    with pytest.raises(LostRace, match="assigned by Björn at"):
        resolve(racing, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert current(store, anomaly_id)["status"] == "open"


def test_a_lost_answer_to_our_own_patch_is_still_our_success(store: AnomalyStore, anomaly_id: str) -> None:
    patch = store.patch_unresolved

    class Forgetful(Racing):
        def patch_unresolved(self, *arguments: Any) -> Any:
            patch(*arguments)
            return patch(*arguments)  # as a retry after a cut connection does: 412

    forgetful = Forgetful(store, "", lambda: None)
    outcome = resolve(forgetful, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert (outcome.changed, outcome.revision) == (True, 1)
    assert len(store.events(anomaly_id)) == 1


def test_a_slow_resolve_does_not_undo_a_reopen_that_came_after_it(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    other = open_store(cosmos, store.database.id)
    slow = Racing(
        store, "put_resolved", lambda: reopen(other, anomaly_id, reason="again", by="Björn", now=LATER)
    )
    resolve(slow, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert current(store, anomaly_id)["status"] == "open"
    clean_up(store, LATER + timedelta(minutes=2))
    assert_whole(store, anomaly_id)
    assert current(store, anomaly_id)["status"] == "open"
