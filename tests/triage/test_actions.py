"""What operators do, on the real store: nothing lost, everything written down."""

from __future__ import annotations

import random
from itertools import product

import pytest

from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import modify, reopen, resolve
from anomalyctl.triage.episodes import Episodes
from anomalyctl.triage.finding import current
from anomalyctl.triage.transitions import TRANSITIONS, Action, Actor, State, allowed, transition
from tests.support.triage_actions import ACTS, LATER, assert_whole
from tests.support.verdict_documents import verdict


def test_resolving_moves_exactly_that_episode_and_records_who_when_and_why(
    store: AnomalyStore, anomaly_id: str
) -> None:
    [other] = Episodes(store).record([verdict(5, "B")])
    outcome = resolve(store, anomaly_id, notes="Pump at fault.", by="Anna", now=LATER)
    assert (outcome.status, outcome.revision, outcome.changed) == ("resolved", 1, True)
    resolved, closing = store.resolved(anomaly_id), store.unresolved(anomaly_id)
    assert resolved is not None
    assert closing is not None
    assert {
        key: resolved[key] for key in ("anomaly_id", "resolved_at", "resolved_by", "resolution_notes")
    } == {
        "anomaly_id": anomaly_id,
        "resolved_at": "2026-11-20T10:00:00.000000Z",
        "resolved_by": "Anna",
        "resolution_notes": "Pump at fault.",
    }
    assert resolved["occurrences"] == 2
    assert (closing["status"], closing["ttl"]) == ("resolved", 600)
    [event] = store.events(anomaly_id)
    assert (event["action"], event["by"], event["at"], event["why"]) == (
        "resolve",
        "Anna",
        "2026-11-20T10:00:00.000000Z",
        "Pump at fault.",
    )
    assert current(store, other.anomaly_id)["status"] == "open"
    assert store.resolved(other.anomaly_id) is None


def test_the_same_action_by_the_same_operator_again_changes_nothing(
    store: AnomalyStore, anomaly_id: str
) -> None:
    for act in (ACTS[Action.ASSIGN], ACTS[Action.MODIFY], ACTS[Action.RESOLVE], ACTS[Action.REOPEN]):
        first, again = act(store, anomaly_id, "Anna"), act(store, anomaly_id, "Anna")
        assert (first.changed, again.changed) == (True, False)
        assert first.revision == again.revision
    assert [event["revision"] for event in store.events(anomaly_id)] == [1, 2, 3, 4]
    assert len(store.modified_values(anomaly_id)) == 1


def test_reopening_brings_back_an_open_episode_that_counts_again(
    store: AnomalyStore, anomaly_id: str
) -> None:
    resolve(store, anomaly_id, notes="pump", by="Anna", now=LATER)
    outcome = reopen(store, anomaly_id, reason="it is back", by="Björn", now=LATER)
    assert (outcome.status, outcome.revision) == ("open", 2)
    open_again, withdrawn = store.unresolved(anomaly_id), store.resolved(anomaly_id)
    assert open_again is not None
    assert withdrawn is not None
    assert {"ttl", "resolved_at", "resolved_by", "resolution_notes"}.isdisjoint(open_again)
    assert withdrawn["status"] == "reopened"
    [change] = Episodes(store).record([verdict(20, "A")])
    assert (change.kind, change.occurrences) == ("joined", 3)
    again = resolve(store, anomaly_id, notes="pump", by="Anna", now=LATER)
    assert (again.changed, again.revision) == (True, 3)
    final = store.resolved(anomaly_id)
    assert final is not None
    assert (final["status"], final["revision"]) == ("resolved", 3)


def test_an_episode_is_reopened_even_after_its_closing_has_expired(
    store: AnomalyStore, anomaly_id: str
) -> None:
    resolve(store, anomaly_id, notes="pump", by="Anna", now=LATER)
    store.container("unresolved_anomalies").delete_item(anomaly_id, anomaly_id)
    assert reopen(store, anomaly_id, reason="it is back", by="Björn", now=LATER).revision == 2
    back = current(store, anomaly_id)
    assert (back["status"], back["occurrences"], len(back["history"])) == ("open", 2, 2)
    assert "_kept_in_resolved" not in (store.unresolved(anomaly_id) or {})


def test_modifying_keeps_original_and_modified_beside_the_reading(
    store: AnomalyStore, anomaly_id: str
) -> None:
    modify(store, anomaly_id, values={"A": 5.5}, reason="Sensor was off.", by="Anna", now=LATER)
    modify(store, anomaly_id, values={"A": 6.0, "B": 2.0}, reason="Checked.", by="Björn", now=LATER)
    first, second = store.modified_values(anomaly_id)
    assert (first["original_data"], first["modified_data"]) == ({"A": 9.0}, {"A": 5.5})
    assert (second["original_data"], second["modified_data"]) == ({"A": 9.0, "B": 1.0}, {"A": 6.0, "B": 2.0})
    assert (first["modified_by"], first["modification_reason"]) == ("Anna", "Sensor was off.")
    assert first["modified_at"] == "2026-11-20T10:00:00.000000Z"
    assert first["reading"]["values"]["A"] == 9.0
    document = current(store, anomaly_id)
    assert document["modified_values"] == {"A": 6.0, "B": 2.0}
    assert document["reading"]["values"]["A"] == 9.0
    assert document["history"][1]["values"]["A"] == {"original": 9.0, "previous": 5.5, "modified": 6.0}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"NOPE": 1.0}, "NOPE", "has no tag NOPE"),
        ({"A": float("nan")}, "A", "not a finite number"),
        ({"A": float("inf")}, "A", "not a finite number"),
        ({}, "set", "No value"),
        ({"A": 9.0}, "set", "holds already"),
    ],
)
def test_values_that_cannot_be_are_refused_with_the_field_named_and_nothing_changed(
    store: AnomalyStore, anomaly_id: str, values: dict[str, float], field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        modify(store, anomaly_id, values=values, reason="why", by="Anna", now=LATER)
    assert refused.value.field == field
    assert current(store, anomaly_id)["revision"] == 0
    assert store.modified_values(anomaly_id) == []


@pytest.mark.parametrize("notes", ["", "  ", "x" * 4001])
def test_notes_are_needed_and_bounded(store: AnomalyStore, anomaly_id: str, notes: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        resolve(store, anomaly_id, notes=notes, by="Anna", now=LATER)
    assert refused.value.field == "notes"


def test_an_unknown_anomaly_is_not_found(store: AnomalyStore) -> None:
    for act in ACTS.values():
        with pytest.raises(NotFound):
            act(store, "well-1-1-00000000", "Anna")


@pytest.mark.parametrize(("action", "state"), list(product(ACTS, State)))
def test_every_move_is_allowed_exactly_where_the_table_has_it(
    store: AnomalyStore, anomaly_id: str, action: Action, state: State
) -> None:
    if state is State.RESOLVED:
        resolve(store, anomaly_id, notes="earlier", by="Nora", now=LATER)
    move = transition(action, state)
    if move is None:
        with pytest.raises(PreconditionFailed):
            ACTS[action](store, anomaly_id, "Anna")
        assert current(store, anomaly_id)["status"] == state
    else:
        assert ACTS[action](store, anomaly_id, "Anna").status == move.after


def test_the_table_names_who_may_do_what() -> None:
    assert allowed(State.OPEN) == (Action.ASSIGN, Action.MODIFY, Action.RESOLVE)
    assert allowed(State.RESOLVED) == (Action.REOPEN,)
    assert allowed(State.OPEN, Actor.PIPELINE) == (Action.COUNT,)
    assert all(each.raises_revision == (each.actor is Actor.OPERATOR) for each in TRANSITIONS)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_in_whatever_order_the_documents_agree(store: AnomalyStore, seed: int) -> None:
    choose = random.Random(seed)
    steps = [(choose.choice([*ACTS, Action.COUNT]), choose.choice(["Anna", "Björn"])) for _ in range(10)]
    episodes = Episodes(store, valid_s=0)
    [opened] = episodes.record([verdict(0, "A")])
    anomaly_id, moves = opened.anomaly_id, 0
    for number, (action, by) in enumerate(steps, start=1):
        state = State(current(store, anomaly_id)["status"])
        if action is Action.COUNT:
            [change] = episodes.record([verdict(number, "A")])
            assert (change.anomaly_id == anomaly_id) is (state is State.OPEN)
            continue
        try:
            outcome = ACTS[action](store, anomaly_id, by)
        except (PreconditionFailed, InvalidInput):
            assert current(store, anomaly_id)["status"] == state
        else:
            moves += outcome.changed
            assert not outcome.changed or transition(action, state) is not None
        assert current(store, anomaly_id)["revision"] == moves
        if moves:
            assert_whole(store, anomaly_id)
