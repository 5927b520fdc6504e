"""Tier 1: what can be said for certain: alarm limits, rate of change, silence, identities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anomalyctl.detection.findings import Fired, explanation, tag_verdict
from anomalyctl.detection.habits import RATE_ROWS
from anomalyctl.detection.identities import Laws, suspicion
from anomalyctl.detection.latches import Latches
from anomalyctl.detection.memory import LARGEST_MEMORY
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.rates import jumps
from anomalyctl.detection.standing import standing_of
from anomalyctl.detection.stillness import Stillness
from anomalyctl.detection.window import Columns, Window
from anomalyctl.telemetry.tags import AlarmType, TagRegistry
from anomalyctl.telemetry.verdicts import TagVerdict

WEIGHTS: Final[dict[str, float]] = {
    AlarmType.HIGH_HIGH.value: 1.0,
    AlarmType.LOW_LOW.value: 1.0,
    AlarmType.HIGH.value: 0.8,
    AlarmType.LOW.value: 0.8,
    "rate": 0.6,
    "silence": 0.5,
    "identity": 0.3,
}
"""How certain each rule is about the tag that it names; the order of a verdict's findings."""


class HeuristicTier:
    """Judges rows of a window in order; without a model, limits and identities alone."""

    def __init__(
        self,
        window: Window,
        registry: TagRegistry,
        model: SourceModel | None,
        memory: Mapping[str, Any] | None,
    ) -> None:
        self._registry, self._model = registry, model
        known = model.tags if model else ()
        remembered = memory.get("names") if memory else None
        before = remembered if isinstance(remembered, list) else []
        self._names = tuple(dict.fromkeys([*registry.tags, *known, *window.tags, *map(str, before)]))
        standing = standing_of(registry, model, self._names)
        self._cadence_s = cadence_s = model.cadence_s if model else registry.cadence_s
        self._rate = standing.rate
        self._columns, self._laws = Columns(self._names), Laws(registry.identities)
        self._latches = Latches(standing, (memory or {}).get("latches"))
        self._stillness = Stillness(standing, cadence_s, memory)
        if memory is None and len(window):
            self._stillness.expect(int(window.times_ms[0]))
        self.take(window)

    def take(self, window: Window, first: int = 0) -> None:
        """Judge rows of this window from now on, none before row `first`; what is remembered stays."""
        since = max(0, first - RATE_ROWS)
        self._window, self._first, self._since = window, first, since
        self._values = self._columns.of(window.rows(since))
        self._beyond = self._latches.beyond(self._values[first - since :])
        moved = jumps(window.times_ms[since:], self._values, self._rate, self._cadence_s)
        self._jumps = moved[first - since :]
        self._checks = self._laws.check(window.rows(first))

    def judge(self, row: int, gap_ms: int, *, late: bool, full: bool, wanted: bool) -> TagVerdict | None:
        """Advance by one row; its verdict where `wanted`."""
        values, now_ms = self._values[row - self._since], int(self._window.times_ms[row])
        stuck, silent = self._stillness.step(values, now_ms, gap_ms)
        if self._beyond[row - self._first] or not self._latches.idle:
            self._latches.step(values, now_ms)
        if not wanted:
            return None
        fired = self._fired(row, stuck | silent)
        held = self._window.values[row]
        present = dict(zip(self._window.tags, held.tolist(), strict=True)) if full or fired else {}
        if full or fired:
            present = {tag: value for tag, value in present.items() if value == value}
        told = explanation(
            judged=self._model is not None,
            model_version=self._model.version if self._model else None,
            score=None,
            late=late,
            fired=fired,
        )
        return tag_verdict("heuristic", now_ms, present, fired, told, registry=self._registry, full=full)

    def memory(self, as_of: int) -> dict[str, Any]:
        """What the next call needs, as JSON."""
        latches = self._latches.memory()
        room = LARGEST_MEMORY - 4096 - sum(len(name.encode()) * 2 + 120 for name in latches)
        return {"as_of": as_of, "latches": latches, **self._stillness.memory(room)}

    def _fired(self, row: int, quiet: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[Fired]:
        values = self._values[row - self._since]
        fired: list[Fired] = []
        for column, alarm, limit in self._latches.alarms(values == values):
            fired.append(
                Fired(self._names[column], "limit", alarm, float(values[column]), limit, WEIGHTS[alarm.value])
            )
        for column in map(int, np.flatnonzero(self._jumps[row - self._first])):
            before = float(self._values[row - self._since - RATE_ROWS, column])
            fired.append(self._rule("rate", column, float(values[column]), before))
        for column in map(int, np.flatnonzero(quiet)):
            fired.append(self._rule("silence", column, float(self._stillness.value[column]), None))
        if any(check.broken[row - self._first] for check in self._checks):
            fired.extend(self._suspects(row))
        return sorted(fired, key=lambda finding: -finding.weight)

    def _rule(self, rule: str, column: int, value: float, expected: float | None) -> Fired:
        shown = None if value != value else value
        return Fired(self._names[column], rule, AlarmType.OK, shown, expected, WEIGHTS[rule])

    def _suspects(self, row: int) -> list[Fired]:
        """The tags of broken laws, which the document marks, and the operands that may be at fault."""
        at = row - self._first
        suspects = suspicion(self._checks, at, self._window.rows(0, row + 1))
        expected = {check.law.tag: float(check.expected[at]) for check in self._checks if check.broken[at]}
        likeliest = max(suspects, key=lambda tag: suspects[tag])
        column = {name: column for column, name in enumerate(self._names)}
        return [
            Fired(
                tag,
                "identity",
                AlarmType.OK,
                float(self._values[row - self._since, column[tag]]),
                expected.get(tag),
                WEIGHTS["identity"] * weight,
                alarming=tag in expected or tag == likeliest,
            )
            for tag, weight in suspects.items()
        ]
