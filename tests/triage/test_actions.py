"""What operators do, on the real store: one winner, nothing lost, everything written down."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput, LostRace, NotFound, PreconditionFailed
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.actions import assign, modify, reopen, resolve
from anomalyctl.triage.clean_up import clean_up
from anomalyctl.triage.episodes import Episodes
from anomalyctl.triage.finding import current
from anomalyctl.triage.performing import Outcome
from anomalyctl.triage.transitions import TRANSITIONS, Action, Actor, State, allowed, transition
from tests.support.anomaly_stores import open_store
from tests.support.cosmos_server import CosmosServer
from tests.support.verdict_documents import START, verdict

LATER = START + timedelta(hours=1)

ACTS: dict[Action, Callable[[AnomalyStore, str, str], Outcome]] = {
    Action.ASSIGN: lambda store, anomaly_id, by: assign(store, anomaly_id, to=by, by=by, now=LATER),
    Action.MODIFY: lambda store, anomaly_id, by: modify(
        store, anomaly_id, values={"A": 2.0}, reason=f"checked by {by}", by=by, now=LATER
    ),
    Action.RESOLVE: lambda store, anomaly_id, by: resolve(store, anomaly_id, notes="pump", by=by, now=LATER),
    Action.REOPEN: lambda store, anomaly_id, by: reopen(store, anomaly_id, reason="again", by=by, now=LATER),
}


@pytest.fixture
def anomaly_id(store: AnomalyStore) -> str:
    [change] = Episodes(store).record([verdict(0, "A"), verdict(10, "A")])
    return change.anomaly_id


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
    racing = _Racing(store, "patch_unresolved", lambda: counting.record([verdict(20, "A")]))
    outcome = resolve(racing, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert (outcome.revision, outcome.changed) == (1, True)
    resolved = store.resolved(anomaly_id)
    assert resolved is not None
    assert resolved["occurrences"] == 3


def test_an_action_that_comes_between_reading_and_patching_is_a_lost_race(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    other = open_store(cosmos, store.database.id)
    racing = _Racing(
        store, "patch_unresolved", lambda: assign(other, anomaly_id, to="Björn", by="Björn", now=LATER)
    )
    with pytest.raises(LostRace, match="assigned by Björn at"):
        resolve(racing, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert current(store, anomaly_id)["status"] == "open"


def test_a_lost_answer_to_our_own_patch_is_still_our_success(store: AnomalyStore, anomaly_id: str) -> None:
    patch = store.patch_unresolved

    class Forgetful(_Racing):
        def patch_unresolved(self, *arguments: Any) -> Any:
            patch(*arguments)
            return patch(*arguments)  # as a retry after a cut connection does: 412

    forgetful = Forgetful(store, "", lambda: None)
    outcome = resolve(forgetful, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert (outcome.changed, outcome.revision) == (True, 1)
    assert len(store.events(anomaly_id)) == 1


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


class _Cut(BaseException):
    """The process dies here."""


WRITES = (
    "patch_unresolved",
    "create_unresolved",
    "put_resolved",
    "withdraw_resolved",
    "add_modified_values",
    "append_event",
    "forget_unresolved_after",
)


WRITES_OF = {Action.ASSIGN: 2, Action.MODIFY: 3, Action.RESOLVE: 4, Action.REOPEN: 3}


def test_two_actions_cut_off_after_each_other_are_both_recorded(store: AnomalyStore, anomaly_id: str) -> None:
    with pytest.raises(_Cut):
        ACTS[Action.MODIFY](_Dying(store, 1), anomaly_id, "Anna")
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
    dying: Any = _Dying(store, cut_at)
    with pytest.raises(_Cut):
        ACTS[action](dying, anomaly_id, "Anna")
    was_whole = _is_whole(store, anomaly_id)
    mended = clean_up(store, LATER + timedelta(minutes=2))
    assert bool(mended.sentences) is not was_whole
    assert clean_up(store, LATER + timedelta(minutes=2)).sentences == ()
    _assert_whole(store, anomaly_id)
    # The operator repeats what seemed to fail: it is there, once.
    assert ACTS[action](store, anomaly_id, "Anna").changed is (cut_at == 0)
    _assert_whole(store, anomaly_id)


@pytest.mark.parametrize("cut_at", [1, 2, 3])
def test_repeating_an_interrupted_resolve_finishes_it_too(
    store: AnomalyStore, anomaly_id: str, cut_at: int
) -> None:
    dying: Any = _Dying(store, cut_at)
    with pytest.raises(_Cut):
        ACTS[Action.RESOLVE](dying, anomaly_id, "Anna")
    assert ACTS[Action.RESOLVE](store, anomaly_id, "Anna").changed is False
    _assert_whole(store, anomaly_id)


def test_cleaning_up_leaves_actions_alone_that_may_still_be_under_way(
    store: AnomalyStore, anomaly_id: str
) -> None:
    dying: Any = _Dying(store, 1)
    with pytest.raises(_Cut):
        ACTS[Action.RESOLVE](dying, anomaly_id, "Anna")
    assert clean_up(store, LATER + timedelta(seconds=30)).examined == 0
    assert clean_up(store, LATER + timedelta(seconds=90)).examined == 1


def test_a_slow_resolve_does_not_undo_a_reopen_that_came_after_it(
    store: AnomalyStore, anomaly_id: str, cosmos: CosmosServer
) -> None:
    other = open_store(cosmos, store.database.id)
    slow = _Racing(
        store, "put_resolved", lambda: reopen(other, anomaly_id, reason="again", by="Björn", now=LATER)
    )
    resolve(slow, anomaly_id, notes="pump", by="Anna", now=LATER)  # type: ignore[arg-type]
    assert current(store, anomaly_id)["status"] == "open"
    clean_up(store, LATER + timedelta(minutes=2))
    _assert_whole(store, anomaly_id)
    assert current(store, anomaly_id)["status"] == "open"


class _Racing:
    """The store; something happens once, just before a named method."""

    def __init__(self, store: AnomalyStore, name: str, meanwhile: Callable[[], object]) -> None:
        self._store, self._name, self._meanwhile = store, name, meanwhile

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._name = ""
            self._meanwhile()
        return getattr(self._store, name)


class _Dying:
    """The store of a process that dies at its n-th write."""

    def __init__(self, store: AnomalyStore, cut_at: int) -> None:
        self._store, self._left = store, cut_at

    def __getattr__(self, name: str) -> Any:
        if name in WRITES:
            if self._left == 0:
                raise _Cut
            self._left -= 1
        return getattr(self._store, name)


def _is_whole(store: AnomalyStore, anomaly_id: str) -> bool:
    try:
        _assert_whole(store, anomaly_id)
    except (AssertionError, KeyError):
        return False
    return True


def _assert_whole(store: AnomalyStore, anomaly_id: str) -> None:
    """Every document agrees with every other."""
    document = current(store, anomaly_id)
    assert [event["revision"] for event in store.events(anomaly_id)] == list(
        range(1, document["revision"] + 1)
    )
    modifications = [each for each in document["history"] if each["action"] == "modify"]
    assert len(store.modified_values(anomaly_id)) == len(modifications)
    closing, resolved = store.unresolved(anomaly_id), store.resolved(anomaly_id)
    if document["status"] == "resolved":
        assert resolved is not None
        assert (resolved["status"], resolved["revision"]) == ("resolved", document["revision"])
        assert closing is None or closing["ttl"] == 600
    else:
        assert resolved is None or resolved["status"] == "reopened"
        assert closing is not None
        assert "ttl" not in closing


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
            _assert_whole(store, anomaly_id)
