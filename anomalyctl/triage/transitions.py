"""What may be done with an episode, in which state, by whom and to what end: the table that actions obey."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an episode stands."""

    OPEN = "open"
    RESOLVED = "resolved"


class Action(StrEnum):
    """What is done with an episode."""

    COUNT = "count"
    ASSIGN = "assign"
    MODIFY = "modify"
    RESOLVE = "resolve"
    REOPEN = "reopen"


class Actor(StrEnum):
    """Who does it."""

    PIPELINE = "pipeline"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Transition:
    """One allowed move."""

    action: Action
    before: State
    after: State
    actor: Actor
    raises_revision: bool
    """Only what an operator does; counting changes a document without being news to operators."""
    needs: tuple[str, ...] = ()
    """What has to be said with it."""


TRANSITIONS: Final = (
    Transition(Action.COUNT, State.OPEN, State.OPEN, Actor.PIPELINE, raises_revision=False),
    Transition(Action.ASSIGN, State.OPEN, State.OPEN, Actor.OPERATOR, True, needs=("to",)),
    Transition(Action.MODIFY, State.OPEN, State.OPEN, Actor.OPERATOR, True, needs=("values", "reason")),
    Transition(Action.RESOLVE, State.OPEN, State.RESOLVED, Actor.OPERATOR, True, needs=("notes",)),
    Transition(Action.REOPEN, State.RESOLVED, State.OPEN, Actor.OPERATOR, True, needs=("reason",)),
)

_BY_MOVE: Final = {(each.action, each.before): each for each in TRANSITIONS}


def transition(action: Action, state: State) -> Transition | None:
    """The move, or None when the table does not have it."""
    return _BY_MOVE.get((action, state))


def allowed(state: State, actor: Actor = Actor.OPERATOR) -> tuple[Action, ...]:
    """What this actor may do with an episode in this state."""
    return tuple(each.action for each in TRANSITIONS if each.before == state and each.actor == actor)
