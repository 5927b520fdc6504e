"""The same kept readings through two models, or two detector services: which verdicts differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from anomalyctl.detection.fusion import Fusion, fuse
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import window_of
from anomalyctl.errors import NotFound
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.replay import Span, passes_of
from anomalyctl.operations.replay_readings import KeptReading, kept_readings
from anomalyctl.telemetry.times import format_time
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

Side = Callable[[Sequence[KeptReading]], list[dict[Tier, Verdict]]]
"""Readings of one source, oldest first, to their verdicts, from empty memory."""
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One reading on which the two do not agree."""

    reading_id: str
    timestamp: str
    kind: Literal["won", "lost", "moved"]
    """An anomaly for the candidate alone, for the baseline alone, or for both, on another first tag."""
    baseline_tags: tuple[str, ...]
    candidate_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the candidate says otherwise than the baseline."""

    baseline: str
    candidate: str
    start: datetime
    end: datetime
    readings: int
    same: int
    won: int
    lost: int
    moved: int
    differences: tuple[Difference, ...]
    """The first twenty."""


def compare(
    connections: Connections,
    span: Span,
    *,
    baseline: str,
    candidate: str,
    source: str | None = None,
    token: str = "",
    progress: Progress = SILENCE,
) -> Comparison:
    """Judge every kept reading of the span by both sides; nothing is written, and both start with no memory.

    A side is a version of the source's model that is kept, or the address of a detector service (it starts
    with http; `token` is its bearer token). The same readings give the same answer, whenever they are asked
    for. Raises NotFound for an unknown version or an empty span, and what a service raises.
    """
    counts: Counter[str] = Counter()
    shown: list[Difference] = []
    for name in [source] if source else connections.readings.sources():
        progress.step(f"Reading what is kept of {name}")
        kept = kept_readings(connections, name, span.start, span.end)
        sides = [_side(connections, name, each, token) for each in (baseline, candidate)]
        done = 0
        for before, chunk in passes_of(kept):
            old, new = ([fuse(each) for each in side([*before, *chunk])[len(before) :]] for side in sides)
            for reading, was, now in zip(chunk, old, new, strict=True):
                kind = _kind(was, now)
                counts[kind or "same"] += 1
                if kind is not None and len(shown) < _SHOWN:
                    timestamp = format_time(reading.reading.timestamp)
                    shown.append(Difference(reading.reading.id, timestamp, kind, was.tags, now.tags))
            done += len(chunk)
            progress.advance(done, len(kept.readings), f"Judging {name} twice")
    if not counts:
        raise NotFound("Nothing is kept in this span.", hint="Widen the span.")
    return Comparison(
        baseline=baseline,
        candidate=candidate,
        start=span.start,
        end=span.end,
        readings=counts.total(),
        same=counts["same"],
        won=counts["won"],
        lost=counts["lost"],
        moved=counts["moved"],
        differences=tuple(shown),
    )


def _kind(was: Fusion, now: Fusion) -> Literal["won", "lost", "moved"] | None:
    if was.final_status != now.final_status:
        return "won" if now.final_status == "anomaly" else "lost"
    return "moved" if was.tags[:1] != now.tags[:1] else None


def _side(connections: Connections, source: str, name: str, token: str) -> Side:
    return (
        _service(name, source, token)
        if name.startswith(("http://", "https://"))
        else _version(connections, source, name)
    )


def _version(connections: Connections, source: str, version: str) -> Side:
    stored = connections.readings.load_model(source, version)
    if stored is None:
        in_use = connections.readings.load_model_version(source)
        kept = [each for each in (in_use, *connections.readings.models.previous(source)) if each]
        raise NotFound(
            f"{source} has no model {version}.",
            hint=f"Kept: {', '.join(kept) or 'none'}; see detectors status.",
        )
    model, registry = SourceModel.from_bytes(stored.data), connections.readings.load_registry(source)

    def verdicts(readings: Sequence[KeptReading]) -> list[dict[Tier, Verdict]]:
        window = window_of(source, (each.reading for each in readings))
        said = {
            tier: judge(tier, window, registry=registry, model=model, memory=None, last=None).verdicts
            for tier in TIERS
        }
        return _by_reading(said, len(readings))

    return verdicts


def _service(address: str, source: str, token: str) -> Side:
    from anomalyctl.pipeline.detectors import DetectorClient

    client = DetectorClient(address, token)

    def verdicts(readings: Sequence[KeptReading]) -> list[dict[Tier, Verdict]]:
        answers = client.judge_all(source, [each.payload for each in readings], {}, last=None)
        for failure in answers.failures.values():
            raise failure
        return _by_reading({tier: each.verdicts for tier, each in answers.by_tier.items()}, len(readings))

    return verdicts


def _by_reading(said: Mapping[Tier, Sequence[Verdict]], rows: int) -> list[dict[Tier, Verdict]]:
    return [{tier: verdicts[row] for tier, verdicts in said.items()} for row in range(rows)]
