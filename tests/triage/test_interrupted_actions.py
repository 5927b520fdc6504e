"""Actions whose process dies between two writes are finished by the next one, or by cleaning up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import resolve
from anomalyctl.triage.clean_up import clean_up
from anomalyctl.triage.transitions import Action
from tests.support.triage_actions import ACTS, LATER, WRITES_OF, Cut, Dying, assert_whole, is_whole
from tests.support.verdict_documents import START


def test_two_actions_cut_off_after_each_other_are_both_recorded(store: AnomalyStore, anomaly_id: str) -> None:
    with pytest.raises(Cut):
        ACTS[Action.MODIFY](Dying(store, 1), anomaly_id, "Anna")
    # What an older version of ours left behind: the newer action recorded, the older one not.
    ACTS[Action.ASSIGN](store, anomaly_id, "Nora")
    clean_up(store, START)
    assert [event["revision"] for event in store.events(anomaly_id)] == [1, 2]
    assert len(list(store.modified_values(anomaly_id))) == 1


@pytest.mark.parametrize(
    ("action", "cut_at"), [(action, cut) for action, writes in WRITES_OF.items() for cut in range(writes)]
)
def test_killed_before_any_of_its_writes_an_action_is_finished_by_cleaning_up(
    store: AnomalyStore, anomaly_id: str, action: Action, cut_at: int
) -> None:
    if action is Action.REOPEN:
        resolve(store, anomaly_id, notes="earlier", by="Nora", now=START)
    dying: Any = Dying(store, cut_at)
    with pytest.raises(Cut):
        ACTS[action](dying, anomaly_id, "Anna")
    was_whole = is_whole(store, anomaly_id)
    mended = clean_up(store, LATER + timedelta(minutes=2))
    assert bool(mended.sentences) is not was_whole
    assert clean_up(store, LATER + timedelta(minutes=2)).sentences == ()
    assert_whole(store, anomaly_id)
    # The operator repeats what seemed to fail: it is there, once.
    assert ACTS[action](store, anomaly_id, "Anna").changed is (cut_at == 0)
    assert_whole(store, anomaly_id)


@pytest.mark.parametrize("cut_at", [1, 2, 3])
def test_repeating_an_interrupted_resolve_finishes_it_too(
    store: AnomalyStore, anomaly_id: str, cut_at: int
) -> None:
    dying: Any = Dying(store, cut_at)
    with pytest.raises(Cut):
        ACTS[Action.RESOLVE](dying, anomaly_id, "Anna")
    assert ACTS[Action.RESOLVE](store, anomaly_id, "Anna").changed is False
    assert_whole(store, anomaly_id)


def test_cleaning_up_leaves_actions_alone_that_may_still_be_under_way(
    store: AnomalyStore, anomaly_id: str
) -> None:
    dying: Any = Dying(store, 1)
    with pytest.raises(Cut):
        ACTS[Action.RESOLVE](dying, anomaly_id, "Anna")
    assert clean_up(store, LATER + timedelta(seconds=30)).examined == 0
    assert clean_up(store, LATER + timedelta(seconds=90)).examined == 1
