"""Waiting until the parts are well, telling each step, and giving up with the part's own last words."""

from __future__ import annotations

import time
from collections.abc import Collection

from anomalyctl.errors import AnomalyctlError, TimedOut
from anomalyctl.local.control import running_state
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part
from anomalyctl.local.probing import trouble
from anomalyctl.local.state import PartState, SupervisorState
from anomalyctl.operations.progress import Progress
from anomalyctl.processes.output import last_lines

PATIENCE_S = 60.0
_POLL_S = 0.05
_TRIES = 2
"""A part that ended this often without ever having been well will not get well by waiting."""
_LAST_WORDS = 10


class Waiting:
    """Follows one supervisor from now until `parts` are well."""

    def __init__(
        self,
        folder: LocalFolder,
        parts: tuple[Part, ...],
        state: SupervisorState,
        progress: Progress,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._folder = folder
        self._parts = {part.name: part for part in parts}
        self._supervisor = state.process
        self._exits_before = {part.name: part.exits for part in state.parts}
        self._told: set[str] = set()
        self._progress = progress
        self._deadline = time.monotonic() + patience_s

    def until_healthy(self, names: Collection[str]) -> SupervisorState:
        """Return once each of `names` is well, asked by ourselves as well as by the supervisor.

        Raises AnomalyctlError for a part that does not start, TimedOut when patience ends.
        """
        while True:
            state = running_state(self._folder)
            if state is None or state.process != self._supervisor:
                raise AnomalyctlError("The supervisor ended.", hint="See: anomalyctl logs supervisor")
            for part in state.parts:
                if part.name in self._parts:
                    self._look_at(part)
            if self._told.issuperset(names):
                return state
            if time.monotonic() >= self._deadline:
                self._give_up([part for part in state.parts if part.name in names])
            time.sleep(_POLL_S)

    def _look_at(self, part: PartState) -> None:
        if part.name in self._told:
            return
        if part.health == "healthy" and trouble(self._parts[part.name].probe) is None:
            self._told.add(part.name)
            self._progress.done(f"{part.title} is well on {part.address}")
        elif part.exits - min(self._exits_before[part.name], part.exits) >= _TRIES:
            raise self._failure(part, f"{part.title} does not start: {part.detail}.")

    def _give_up(self, parts: list[PartState]) -> None:
        for part in parts:
            if part.name not in self._told:
                self._last_words(part)
                raise TimedOut(
                    f"{part.title} is not well after {PATIENCE_S:g} s: {part.detail or part.health}.",
                    hint=f"See: anomalyctl logs {part.name}",
                )

    def _failure(self, part: PartState, message: str) -> AnomalyctlError:
        lines = self._last_words(part)
        hint = f"See: anomalyctl logs {part.name}"
        return AnomalyctlError(message, hint=hint, details={"part": part.name, "log": lines})

    def _last_words(self, part: PartState) -> list[str]:
        lines = last_lines(self._folder.log_of(part.name), _LAST_WORDS)
        for line in lines:
            self._progress.warn(f"{part.name} wrote: {line}")
        return lines
