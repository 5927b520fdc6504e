"""Operators, pipeline, clean-up and deaths in any order: the table holds and the history is complete."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from anomalyctl.errors import InvalidInput, PreconditionFailed
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.triage.clean_up import GRACE, clean_up
from anomalyctl.triage.episodes import Episodes
from anomalyctl.triage.finding import current
from anomalyctl.triage.transitions import Action, State, transition
from tests.support.anomaly_stores import open_store
from tests.support.cosmos_server import CosmosServer
from tests.support.triage_actions import ACTS, LATER, WRITES_OF, Cut, Dying, assert_whole
from tests.support.verdict_documents import START, verdict

OPERATORS = ("Anna", "Björn")


class Triage(RuleBasedStateMachine):
    """One episode of a source of its own; the model is its state, its revision and what was counted."""

    store: AnomalyStore

    def __init__(self) -> None:
        super().__init__()
        self.source = f"well-{uuid4().hex[:8]}"
        [opened] = self.episodes.record([verdict(0, "A", source=self.source)])
        self.anomaly_id = opened.anomaly_id
        self.state, self.revision, self.counted = State.OPEN, 0, {0}
        self.all_counted, self.seconds = {0}, 0

    @property
    def episodes(self) -> Episodes:
        """As a process that has just started: it remembers nothing."""
        return Episodes(self.store, valid_s=0)

    @rule(action=st.sampled_from(sorted(ACTS)), by=st.sampled_from(OPERATORS))
    def act(self, action: Action, by: str) -> None:
        self._done(action, lambda: ACTS[action](self.store, self.anomaly_id, by).changed)

    @rule(action=st.sampled_from(sorted(ACTS)), by=st.sampled_from(OPERATORS), data=st.data())
    def die_in_an_action(self, action: Action, by: str, data: st.DataObject) -> None:
        dying: Any = Dying(self.store, data.draw(st.integers(0, WRITES_OF[action] - 1)))

        def killed() -> bool:
            try:
                return ACTS[action](dying, self.anomaly_id, by).changed
            except Cut:
                return bool(current(self.store, self.anomaly_id)["revision"] > self.revision)

        self._done(action, killed)

    @rule(repeat=st.integers(1, 3))
    def count(self, repeat: int) -> None:
        self.seconds += 10
        for _ in range(repeat):
            self.episodes.record([verdict(self.seconds, "A", source=self.source)])
        self.all_counted.add(self.seconds)
        if self.state is State.OPEN:
            self.counted.add(self.seconds)

    @rule()
    def tidy_up(self) -> None:
        clean_up(self.store, LATER + 2 * GRACE)
        if self.revision:
            assert_whole(self.store, self.anomaly_id)

    @invariant()
    def the_episode_is_as_the_model(self) -> None:
        document = current(self.store, self.anomaly_id)
        assert (document["status"], document["revision"]) == (self.state, self.revision)
        assert document["occurrences"] == len(self.counted)

    @invariant()
    def each_reading_is_counted_once(self) -> None:
        found = self.store.episodes_since(self.source, epoch_ms(START))
        assert sum(each["occurrences"] for each in found) == len(self.all_counted)

    def teardown(self) -> None:
        clean_up(self.store, LATER + 2 * GRACE)
        if self.revision:
            assert_whole(self.store, self.anomaly_id)

    def _done(self, action: Action, do: Any) -> None:
        move = transition(action, self.state)
        try:
            changed = do()
        except PreconditionFailed:
            assert move is None, "what the table allows is done"
            return
        except InvalidInput:
            return  # the same values again
        if changed:
            assert move is not None, "what the table does not have is refused"
            self.state, self.revision = move.after, self.revision + 1


@pytest.mark.timeout(120)
def test_any_sequence_of_actions_and_deaths_obeys_the_table(cosmos: CosmosServer) -> None:
    store = open_store(cosmos, f"test-{uuid4().hex}")
    store.create_if_missing()

    class OnThisStore(Triage):
        pass

    OnThisStore.store = store
    try:
        run_state_machine_as_test(
            OnThisStore,
            settings=settings(
                max_examples=12,
                stateful_step_count=14,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        store.close()
