"""From a window and what a tier remembers to verdicts and a new memory; pure, so any replica may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from anomalyctl.detection.findings import explanation, ml_verdict, tag_verdict
from anomalyctl.detection.habits import INTERRUPTION_ROWS
from anomalyctl.detection.heuristic import HeuristicTier
from anomalyctl.detection.memory import as_of, pack
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.multivariate import MultivariateTier
from anomalyctl.detection.statistical import StatisticalTier
from anomalyctl.detection.window import Window
from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier, Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdicts of the last rows, oldest first, and the tier's memory after them."""

    verdicts: list[Verdict]
    memory: Memory


def judge(
    tier: Tier,
    window: Window,
    *,
    registry: TagRegistry,
    model: SourceModel | None,
    memory: Memory | None,
    last: int | None = 1,
    late: bool = False,
    full: bool | None = None,
) -> Judgement:
    """Judge the last `last` rows of a window, or every row where `last` is None.

    Rows that `memory` has not seen are passed through in order, so that judging N at once equals judging one
    by one. A memory that has already seen a row to be judged, or that belongs to another model, is not used:
    then the window itself warms the tier up, from the model's own end state where the window follows it.
    `full` (default: unless `last` is None) tells normal tags too. Raises InvalidInput for an unknown tier or
    `last` < 1.
    """
    if tier not in TIERS:
        raise InvalidInput(f"tier: {tier!r} is none of {', '.join(TIERS)}", field="tier")
    if last is not None and last < 1:
        raise InvalidInput("last: must be at least 1", field="last")
    whole = (last is not None) if full is None else full
    judged_from = 0 if last is None else max(0, len(window) - last)
    start = _start(tier, window, model, memory, judged_from)
    if not len(window):
        return Judgement([], dict(memory or {}))
    newest = int(window.times_ms[-1])
    if tier != "heuristic" and model is None:
        verdicts = [
            _warming_up(tier, window, row, registry, late, whole) for row in range(judged_from, len(window))
        ]
        return Judgement(verdicts, {"as_of": newest})
    judge_tier = _heuristic if tier == "heuristic" else _modelled
    return judge_tier(tier, window, registry, model, start, judged_from, late, whole)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a tier goes on: what it remembers (None: nothing) and the first row that is new to it."""

    memory: Mapping[str, Any] | None
    row: int


def _start(
    tier: Tier, window: Window, model: SourceModel | None, memory: Memory | None, judged_from: int
) -> _Start:
    seen_ms = as_of(memory)
    usable = seen_ms is not None and (tier == "heuristic" or _is_of(memory, model))
    if usable and seen_ms is not None and _precedes(seen_ms, window, judged_from):
        return _Start(memory, int(np.searchsorted(window.times_ms, seen_ms, side="right")))
    if model is not None and tier != "heuristic" and _precedes(model.last_ms, window, judged_from):
        row = int(np.searchsorted(window.times_ms, model.last_ms, side="right"))
        gap_ms = int(window.times_ms[row]) - model.last_ms
        if gap_ms <= INTERRUPTION_ROWS * 1000.0 * model.cadence_s:
            ended = {"as_of": model.last_ms, "model": model.version, "state": pack(model.end[tier])}
            return _Start(ended, row)
    return _Start(None, 0)


def _is_of(memory: Memory | None, model: SourceModel | None) -> bool:
    return bool(memory) and model is not None and (memory or {}).get("model") == model.version


def _precedes(moment_ms: int, window: Window, row: int) -> bool:
    return len(window) > row and moment_ms < int(window.times_ms[row])


def _heuristic(
    tier: Tier,
    window: Window,
    registry: TagRegistry,
    model: SourceModel | None,
    start: _Start,
    judged_from: int,
    late: bool,
    full: bool,
) -> Judgement:
    judging = HeuristicTier(window, registry, model, start.memory)
    verdicts: list[Verdict] = []
    for row, gap_ms in _gaps(window, start):
        verdict = judging.judge(row, gap_ms, late=late, full=full, wanted=row >= judged_from)
        if verdict is not None:
            verdicts.append(verdict)
    return Judgement(verdicts, judging.memory(int(window.times_ms[-1])))


def _modelled(
    tier: Tier,
    window: Window,
    registry: TagRegistry,
    model: SourceModel | None,
    start: _Start,
    judged_from: int,
    late: bool,
    full: bool,
) -> Judgement:
    if model is None:
        raise InvalidInput(f"{tier}: cannot judge without a model", field="model")
    judging: StatisticalTier | MultivariateTier = (
        StatisticalTier(window, registry, model, start.memory)
        if tier == "statistical"
        else MultivariateTier(window, model, start.memory)
    )
    interruption_ms = INTERRUPTION_ROWS * 1000.0 * model.cadence_s
    verdicts: list[Verdict] = []
    for row, gap_ms in _gaps(window, start):
        if gap_ms > interruption_ms:
            judging.interrupt(gap_ms)
        verdict = judging.judge(row, late=late, full=full, wanted=row >= judged_from)
        if verdict is not None:
            verdicts.append(verdict)
    return Judgement(verdicts, judging.memory(int(window.times_ms[-1])))


def _gaps(window: Window, start: _Start) -> list[tuple[int, int]]:
    """Each row that is new to the tier, with the milliseconds since the reading before it (0: unknown)."""
    before = as_of(start.memory)
    rows = []
    for row in range(start.row, len(window)):
        now = int(window.times_ms[row])
        rows.append((row, 0 if before is None else now - before))
        before = now
    return rows


def _warming_up(
    tier: Tier, window: Window, row: int, registry: TagRegistry, late: bool, full: bool
) -> Verdict:
    now_ms = int(window.times_ms[row])
    pairs = zip(window.tags, window.values[row].tolist(), strict=True)
    values = {tag: value for tag, value in pairs if full and value == value}
    told = explanation(judged=False, model_version=None, score=None, late=late, fired=[])
    if tier == "ml":
        return ml_verdict(now_ms, values, False, told, full=full)
    return tag_verdict(tier, now_ms, values, [], told, registry=registry, full=full)
