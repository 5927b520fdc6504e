"""`anomalies explain`: an episode among what surrounds it: trends, siblings, past ones like it, models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from anomalyctl.operations.anomalies.listing import AnomalyRow, Filter, find, row_of
from anomalyctl.operations.anomalies.selecting import select
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import format_time, parse_time
from anomalyctl.triage.finding import current

BEFORE: Final = timedelta(minutes=30)
AFTER: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(hours=6)
"""Of an episode: what comes later is not drawn."""
POINTS: Final = 60
TAGS: Final = 3
PAST: Final = 5
_CANDIDATES: Final = 50


@dataclass(frozen=True, slots=True)
class Trend:
    """One tag around the episode."""

    tag: str
    share: float
    start: str
    end: str
    points: tuple[float | None, ...]
    """Means of equal parts of the time, oldest first; None where the tag was missing."""
    onset: int
    """The point in which the episode began."""
    smallest: float | None
    largest: float | None


@dataclass(frozen=True, slots=True)
class PastEpisode:
    """An earlier episode like this one."""

    anomaly: AnomalyRow
    likeness: float
    """0 to 1: how much of the blame falls on the same tags."""


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """A model that judged readings around the episode; empty before the first model."""

    version: str
    first: str
    readings: int


@dataclass(frozen=True, slots=True)
class Explained:
    """What surrounds one episode."""

    anomaly: AnomalyRow
    contexts: Mapping[str, str]
    trends: tuple[Trend, ...]
    siblings: tuple[AnomalyRow, ...]
    """Other episodes of the source at the same time."""
    past: tuple[PastEpisode, ...]
    models: tuple[ModelSeen, ...]


def explain(store: AnomalyStore, selector: str, *, now: datetime) -> Explained:
    """One episode with its surroundings. Raises what `select` raises."""
    document = current(store, select(store, [selector])[0])
    first, last = parse_time(document["detected_at"]), parse_time(document["last_seen"])
    last = min(last, first + LONGEST)
    verdicts = list(store.verdicts(document["source"], first - BEFORE, last + AFTER))
    return Explained(
        anomaly=row_of(document, now=now),
        contexts=document["contexts"],
        trends=tuple(_trends(document, verdicts, first)),
        siblings=tuple(row_of(each, now=now) for each in _siblings(store, document, first, last)),
        past=tuple(_past(store, document, now)),
        models=tuple(_models(verdicts)),
    )


def _trends(
    document: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]], onset: datetime
) -> list[Trend]:
    if not verdicts:
        return []
    times = [parse_time(each["timestamp"]) for each in verdicts]
    start, length = times[0], max(times[-1] - times[0], timedelta(seconds=1))

    def part(moment: datetime) -> int:
        return min(POINTS - 1, int((moment - start) / length * POINTS))

    trends = []
    for tag in document["tags"][:TAGS]:
        parts: list[list[float]] = [[] for _ in range(POINTS)]
        for moment, each in zip(times, verdicts, strict=True):
            if (value := each["raw_data"].get(tag)) is not None:
                parts[part(moment)].append(float(value))
        held = [value for values in parts for value in values]
        trends.append(
            Trend(
                tag=tag,
                share=float(document["shares"].get(tag, 0.0)),
                start=format_time(start),
                end=format_time(times[-1]),
                points=tuple(sum(values) / len(values) if values else None for values in parts),
                onset=part(max(onset, start)),
                smallest=min(held, default=None),
                largest=max(held, default=None),
            )
        )
    return trends


def _siblings(
    store: AnomalyStore, document: Mapping[str, Any], first: datetime, last: datetime
) -> list[dict[str, Any]]:
    near = find(store, Filter(status="all", since=first - AFTER, source=document["source"]))
    until = format_time(last + AFTER)
    return [
        each for each in near if each["anomaly_id"] != document["anomaly_id"] and each["detected_at"] <= until
    ]


def _past(store: AnomalyStore, document: Mapping[str, Any], now: datetime) -> list[PastEpisode]:
    found: dict[str, dict[str, Any]] = {}
    for tag in document["tags"][:TAGS]:
        for each in find(store, Filter(status="all", tag=tag, limit=_CANDIDATES)):
            if each["detected_at"] < document["detected_at"]:
                found[each["anomaly_id"]] = each
    found.pop(document["anomaly_id"], None)
    episodes = [PastEpisode(row_of(each, now=now), _likeness(document, each)) for each in found.values()]
    # Closed ones first among equals: they tell what was done.
    ordered = sorted(
        episodes,
        key=lambda each: (each.likeness, each.anomaly.resolved_at is not None, each.anomaly.detected_at),
        reverse=True,
    )
    return ordered[:PAST]


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Common shares: Σ min, after each side's shares were made to add up to 1."""
    first, second = ({tag: float(share) for tag, share in each["shares"].items()} for each in (one, other))
    first_sum, second_sum = sum(first.values()) or 1.0, sum(second.values()) or 1.0
    common = sum(min(first[tag] / first_sum, second[tag] / second_sum) for tag in set(first) & set(second))
    return round(common, 4)


def _models(verdicts: Sequence[Mapping[str, Any]]) -> list[ModelSeen]:
    seen: dict[str, tuple[str, int]] = {}
    for each in verdicts:
        version = each["explanation"].get("model_version") or ""
        first, readings = seen.get(version, (each["timestamp"], 0))
        seen[version] = (first, readings + 1)
    return [ModelSeen(version, first, readings) for version, (first, readings) in seen.items()]
