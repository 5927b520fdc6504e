"""The same kept readings through two models, or two detector services: which verdicts differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from anomalyctl.detection.fusion import Fusion, fuse
from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import window_of
from anomalyctl.errors import NotFound
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_passes import Pass, in_order, passes
from anomalyctl.operations.replay_readings import KeptReading, kept_sources
from anomalyctl.operations.replay_spans import Span
from anomalyctl.telemetry.times import epoch_ms, format_time
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

if TYPE_CHECKING:
    from anomalyctl.operations.replay_resuming import ReplayBookmark

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
    pace: Pace | None = None,
    bookmark: ReplayBookmark | None = None,
    progress: Progress = SILENCE,
) -> Comparison:
    """Judge every kept reading of the span by both sides; nothing is written, and both start with no memory.

    A side is a version of the source's model that is kept, or the address of a detector service (it starts
    with http; `token` is its bearer token). The same readings give the same answer, whenever they are asked
    for, at each pace, and however often it was interrupted: the bookmark keeps what was counted.
    Raises NotFound for an unknown version or an empty span, and what a service raises.
    """
    sources = [source] if source else kept_sources(connections, span.start, span.end)
    tally = _Tally(bookmark.tally if bookmark is not None else {})
    sides: dict[str, tuple[Side, Side]] = {}
    pace, done = pace or Pace(), dict.fromkeys(sources, 0)

    def both(each: Pass) -> list[tuple[Fusion, Fusion]]:
        if not each.rest:
            return []
        old, new = (side(each.asked)[-len(each.rest) :] for side in sides[each.source])
        return [(fuse(was), fuse(now)) for was, now in zip(old, new, strict=True)]

    def prepared() -> Iterator[Pass]:
        for each in passes(connections, sources, span, bookmark=bookmark, progress=progress):
            if each.source not in sides:
                old, new = (_side(connections, each.source, name, token) for name in (baseline, candidate))
                sides[each.source] = old, new
            yield each

    for each, fusions in in_order(both, prepared()):
        if not done[each.source]:
            pace.restart()
        for part in pace.parts(each.rest):
            for reading, (was, now) in zip(each.rest[part], fusions[part], strict=True):
                tally.count(reading, was, now)
            done[each.source] += len(fusions[part])
            if bookmark is not None and fusions[part]:
                newest_ms = epoch_ms(each.rest[part][-1].reading.timestamp)
                bookmark.move(each.source, newest_ms, tally.kept())
            progress.advance(done[each.source], each.total, f"Judging {each.source} twice")
    if not tally.readings:
        raise NotFound("Nothing is kept in this span.", hint="Widen the span.")
    if bookmark is not None:
        bookmark.forget()
    return tally.told(baseline, candidate, span)


class _Tally:
    """What was counted, before an interruption too."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self._counts = {kind: int(kept.get(kind, 0)) for kind in ("same", "won", "lost", "moved")}
        self._shown = [
            Difference(
                **{**each, **{side: tuple(each[side]) for side in ("baseline_tags", "candidate_tags")}}
            )
            for each in kept.get("differences", ())
        ]

    @property
    def readings(self) -> int:
        return sum(self._counts.values())

    def count(self, reading: KeptReading, was: Fusion, now: Fusion) -> None:
        kind = _kind(was, now)
        self._counts[kind or "same"] += 1
        if kind is not None and len(self._shown) < _SHOWN:
            timestamp = format_time(reading.reading.timestamp)
            self._shown.append(Difference(reading.reading.id, timestamp, kind, was.tags, now.tags))

    def kept(self) -> dict[str, Any]:
        """For the next run, as JSON."""
        return {**self._counts, "differences": [asdict(each) for each in self._shown]}

    def told(self, baseline: str, candidate: str, span: Span) -> Comparison:
        return Comparison(
            baseline=baseline,
            candidate=candidate,
            start=span.start,
            end=span.end,
            readings=self.readings,
            differences=tuple(self._shown),
            **self._counts,
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
