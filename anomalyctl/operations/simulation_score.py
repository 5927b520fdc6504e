"""What was found of the faults that were simulated: recall, precision and delay, by kind of fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import NotFound
from anomalyctl.telemetry.times import format_time, parse_time

if TYPE_CHECKING:
    from anomalyctl.stores.anomalies import AnomalyStore

GRACE: Final = timedelta(minutes=10)
"""After a fault's last reading, an anomaly still belongs to it: means and episodes look back so far."""
ARRIVAL: Final = timedelta(hours=1)
"""A malformed reading is looked for among the letters that arrived until so long after the run."""

_WHOLE_READING: Final = ("late", "malformed")
"""What is wrong with the message, not with the plant: no reason for an anomaly."""


@dataclass(frozen=True, slots=True)
class FaultScore:
    """One simulated fault."""

    source: str
    kind: str
    tag: str
    start: str
    found: bool
    """An anomaly named its tag; for `late` and `malformed`: the reading was reported as such."""
    leading: bool
    """Its tag had the largest share at the first such reading."""
    delay_s: float | None


@dataclass(frozen=True, slots=True)
class KindScore:
    """All faults of one kind."""

    kind: str
    faults: int
    found: int
    recall: float
    leading: int
    delay_p50_s: float | None
    delay_p95_s: float | None


@dataclass(frozen=True, slots=True)
class SimulationScore:
    """What was found beside the truth."""

    runs: int
    readings: int
    """Verdicts within the runs."""
    anomalous: int
    true_spans: int
    """Stretches of anomalous readings, at most 10 minutes apart, that meet a fault."""
    false_spans: int
    precision: float | None
    """True stretches of all."""
    recall: float | None
    kinds: tuple[KindScore, ...]
    faults: tuple[FaultScore, ...]


@dataclass(slots=True)
class _Span:
    first: datetime
    last: datetime


def score(store: AnomalyStore, runs: Sequence[Mapping[str, Any]]) -> SimulationScore:
    """Join runs, as `simulation_labels.read_labels` has them, with the verdicts that are kept.

    Raises NotFound where there is no run, or none of its readings has a verdict.
    """
    if not runs:
        raise NotFound(
            "No simulation is known here.",
            hint="`anomalyctl simulate --fault …` keeps the truth of its faults.",
        )
    faults: list[FaultScore] = []
    spans: list[tuple[_Span, bool]] = []
    readings = anomalous = 0
    for run in runs:
        source = str(run["source"])
        first, last = parse_time(str(run["from"])), parse_time(str(run["to"]))
        told = list(store.verdicts(source, first, last + GRACE))
        hits = [each for each in told if each["final_status"] == "anomaly"]
        readings, anomalous = readings + len(told), anomalous + len(hits)
        faults.extend(_fault_score(store, run, fault, told, hits) for fault in run["faults"])
        spans.extend((span, _meets(span, run["faults"])) for span in _spans(hits))
    if not readings:
        raise NotFound(
            "No reading of these simulations has a verdict.",
            hint="Are the functions running? See `anomalyctl status`.",
        )
    true_spans = sum(true for _, true in spans)
    return SimulationScore(
        runs=len(runs),
        readings=readings,
        anomalous=anomalous,
        true_spans=true_spans,
        false_spans=len(spans) - true_spans,
        precision=true_spans / len(spans) if spans else None,
        recall=sum(fault.found for fault in faults) / len(faults) if faults else None,
        kinds=tuple(_kinds(faults)),
        faults=tuple(faults),
    )


def _fault_score(
    store: AnomalyStore,
    run: Mapping[str, Any],
    fault: Mapping[str, Any],
    told: Iterable[Mapping[str, Any]],
    hits: Iterable[Mapping[str, Any]],
) -> FaultScore:
    kind, tag, start = str(fault["kind"]), str(fault["tag"]), str(fault["from"])
    source, ended_at = str(run["source"]), str(run["ended_at"])
    until = format_time(parse_time(str(fault["to"])) + GRACE)
    found = leading = False
    delay: float | None = None
    if kind == "late":
        found = any(each["explanation"]["late"] for each in told if start <= each["timestamp"] <= until)
    elif kind == "malformed":
        begin = parse_time(start)
        letters = store.dead_letters(begin, parse_time(ended_at) + ARRIVAL)
        found = any(each["source"] == source and start in str(each.get("payload")) for each in letters)
    else:
        named = [each for each in hits if start <= each["timestamp"] <= until]
        first = next((each for each in named if tag in each["explanation"]["tags"]), None)
        if first is not None:
            found, leading = True, first["explanation"]["tags"][0] == tag
            delay = (parse_time(first["timestamp"]) - parse_time(start)).total_seconds()
    return FaultScore(source, kind, tag, start, found, leading, delay)


def _spans(hits: Iterable[Mapping[str, Any]]) -> list[_Span]:
    spans: list[_Span] = []
    for hit in hits:
        moment = parse_time(hit["timestamp"])
        if spans and moment - spans[-1].last <= GRACE:
            spans[-1].last = moment
        else:
            spans.append(_Span(moment, moment))
    return spans


def _meets(span: _Span, faults: Iterable[Mapping[str, Any]]) -> bool:
    return any(
        span.first <= parse_time(str(fault["to"])) + GRACE and span.last >= parse_time(str(fault["from"]))
        for fault in faults
        if fault["kind"] not in _WHOLE_READING
    )


def _kinds(faults: Sequence[FaultScore]) -> list[KindScore]:
    scores = []
    for kind in dict.fromkeys(fault.kind for fault in faults):
        own = [fault for fault in faults if fault.kind == kind]
        delays = sorted(fault.delay_s for fault in own if fault.delay_s is not None)
        found = sum(fault.found for fault in own)
        scores.append(
            KindScore(
                kind=kind,
                faults=len(own),
                found=found,
                recall=found / len(own),
                leading=sum(fault.leading for fault in own),
                delay_p50_s=_point(delays, 0.5),
                delay_p95_s=_point(delays, 0.95),
            )
        )
    return scores


def _point(ordered: Sequence[float], share: float) -> float | None:
    """The value that a share of them does not exceed."""
    return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)] if ordered else None
