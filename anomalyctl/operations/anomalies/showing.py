"""`anomalies show`: one episode with its reading, the three methods' words and what happened since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from anomalyctl.operations.anomalies.listing import AnomalyRow, row_of
from anomalyctl.operations.anomalies.selecting import select
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage.finding import current
from anomalyctl.triage.transitions import State, allowed

_METHODS: Final = ("heuristic", "statistical", "ml")


@dataclass(frozen=True, slots=True)
class TagFinding:
    """One anomalous tag in one method's verdict."""

    tag: str
    value: float | None
    alarm_type: str
    rule: str
    """What fired: limit, rate, silence, identity, residual, …; empty where the verdict does not say."""
    expected: float | None
    share: float | None
    context: str


@dataclass(frozen=True, slots=True)
class MethodVerdict:
    """What one method said of the reading that opened the episode."""

    method: str
    status: str
    state: str
    """judged, warming-up, or missing where the method did not answer."""
    findings: tuple[TagFinding, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    at: str
    what: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class AnomalyDetails:
    """All there is to know of one episode."""

    anomaly: AnomalyRow
    contexts: Mapping[str, str]
    reading_id: str
    values: Mapping[str, float]
    """Of the anomalous tags, as they were judged."""
    reading: Mapping[str, Any]
    """The whole reading that was judged."""
    methods: tuple[MethodVerdict, ...]
    timeline: tuple[Moment, ...]
    actions: tuple[str, ...]
    """What may be done with it now."""
    trace_id: str = ""
    """Of the trace in which the reading was judged; empty where none was kept."""


def show_anomaly(store: AnomalyStore, selector: str, *, now: datetime) -> AnomalyDetails:
    """One episode in full. Raises what `select` raises."""
    document = current(store, select(store, [selector])[0])
    reading = document["reading"]
    verdict = store.verdict(reading["id"])
    return AnomalyDetails(
        anomaly=row_of(document, now=now),
        contexts=document["contexts"],
        reading_id=reading["id"],
        values={tag: reading["values"][tag] for tag in document["tags"] if tag in reading["values"]},
        reading=reading["values"],
        methods=tuple(_method(verdict, name) for name in _METHODS) if verdict else (),
        timeline=tuple(_timeline(store, document)),
        actions=tuple(str(action) for action in allowed(State(document["status"]))),
        trace_id=str((verdict or {}).get("explanation", {}).get("trace_id") or ""),
    )


def _method(verdict: Mapping[str, Any], name: str) -> MethodVerdict:
    said = verdict.get(name)
    if not said:
        return MethodVerdict(name, status="", state="missing", findings=())
    explanation = said.get("explanation") or {}
    found = {finding["tag"]: finding for finding in explanation.get("findings") or ()}
    results = said["results"]
    tags = {} if name == "ml" else {tag: each for tag, each in results.items() if each["status"] == "Anomaly"}
    findings = [
        _finding(tag, tags.get(tag) or {}, found.get(tag) or {}) for tag in dict.fromkeys([*found, *tags])
    ]
    return MethodVerdict(
        method=name,
        status=results["status"] if name == "ml" else ("Anomaly" if tags else "Normal"),
        state=explanation.get("state", "judged"),
        findings=tuple(findings),
    )


def _finding(tag: str, result: Mapping[str, Any], found: Mapping[str, Any]) -> TagFinding:
    return TagFinding(
        tag=tag,
        value=result.get("value", found.get("value")),
        alarm_type=result.get("alarm_type", found.get("alarm_type", "")),
        rule=found.get("rule", ""),
        expected=found.get("expected"),
        share=found.get("share"),
        context=result.get("context", ""),
    )


def _timeline(store: AnomalyStore, document: Mapping[str, Any]) -> list[Moment]:
    opened = Moment(document["detected_at"], "first seen", "pipeline", ", ".join(document["tags"][:3]))
    moments = [opened]
    if document["occurrences"] > 1:
        moments.append(
            Moment(document["last_seen"], f"last seen ({document['occurrences']} times)", "pipeline", "")
        )
    for event in _events(store, document):
        moments.append(Moment(event["at"], _what(event), event["by"], event["why"]))
    return [opened, *sorted(moments[1:], key=lambda moment: moment.at)]


def _events(store: AnomalyStore, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Events and the document's own history: an event may still be on its way."""
    known = {event["revision"]: event for event in document.get("history") or ()}
    known.update({event["revision"]: event for event in store.events(document["anomaly_id"])})
    return [known[revision] for revision in sorted(known)]


def _what(event: Mapping[str, Any]) -> str:
    if event["action"] == "assign":
        return f"assigned to {event['assigned_to']}"
    if event["action"] == "modify":
        parts = [
            f"{tag} {change['previous']:g} → {change['modified']:g}"
            for tag, change in event["values"].items()
        ]
        return f"modified {', '.join(parts)}"
    return {"resolve": "resolved", "reopen": "reopened"}.get(event["action"], str(event["action"]))
