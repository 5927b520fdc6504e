"""The four collections of the specification: our documents have its keys and types, besides ours.

The documents are made by the real detectors, pipeline and actions, and read back from a real endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.detection.judge import judge
from anomalyctl.detection.window import window_of
from anomalyctl.pipeline.documents import verdict_document
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.schema import ANOMALY_RESULTS, MODIFIED_VALUES, RESOLVED, UNRESOLVED
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import format_time, parse_time
from anomalyctl.telemetry.verdicts import TIERS
from anomalyctl.triage.actions import assign, modify, resolve
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import cosmos_server

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
Document = dict[str, Any]


@dataclass(frozen=True)
class OneOf:
    """A string of a closed list."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class EachTag:
    """An object with a key for each tag, every value of one shape."""

    shape: Any


@dataclass(frozen=True)
class Exactly:
    """An object with these keys, and none beside them but those in `beside`."""

    keys: Mapping[str, Any]
    beside: tuple[str, ...] = ()


class Instant:
    """A string: ISO 8601 in UTC, six decimals, Z."""


class Number:
    """An integer or a float, and no boolean."""


STATUS = OneOf(("Normal", "Anomaly"))
TAG_RESULT = Exactly(
    {
        "value": Number,
        "alarm_type": OneOf(("OK", "Low", "Low-Low", "High", "High-High")),
        "status": STATUS,
        "context": str,
    }
)

SPECIFICATION: dict[str, Mapping[str, Any]] = {
    ANOMALY_RESULTS: {
        "id": str,
        "timestamp": Instant,
        "raw_data": dict,
        "heuristic": Exactly(
            {"timestamp": Instant, "method": OneOf(("heuristic",)), "results": EachTag(TAG_RESULT)},
            beside=("explanation",),
        ),
        "statistical": Exactly(
            {"timestamp": Instant, "method": OneOf(("statistical",)), "results": EachTag(TAG_RESULT)},
            beside=("explanation",),
        ),
        "ml": Exactly(
            {
                "timestamp": Instant,
                "method": OneOf(("ml",)),
                "results": Exactly({"values": EachTag(Number), "status": STATUS}),
                "processing_time_ms": Number,
            },
            beside=("explanation",),
        ),
        "final_status": OneOf(("anomaly", "normal")),
        "overall_confidence": float,
    },
    UNRESOLVED: {
        "anomaly_id": str,
        "detected_at": Instant,
        "severity_level": OneOf(("critical", "high", "medium", "low")),
        "assigned_to": str,
    },
    RESOLVED: {
        "anomaly_id": str,
        "resolved_at": Instant,
        "resolved_by": str,
        "resolution_notes": str,
    },
    MODIFIED_VALUES: {
        "original_data": dict,
        "modified_data": dict,
        "modified_by": str,
        "modification_reason": str,
        "modified_at": Instant,
    },
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnomalyStore]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server, fresh_store(server) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def anomaly_id(store: AnomalyStore) -> str:
    """A reading with a pressure far over its limit, judged, stored, counted and worked on."""
    registry = built_in_registry()
    readings = list(simulate(registry, seed=7, start=START, count=60, source="well-1").readings())
    last = readings[-1]
    limit = registry.tag("INJECTION_PRESSURE").limits.high_high
    assert limit is not None
    broken = Reading("well-1", last.timestamp, {**last.values, "INJECTION_PRESSURE": limit * 2})
    window = window_of("well-1", [*readings[:-1], broken])
    verdicts = {
        tier: judge(tier, window, registry=registry, model=None, memory=None).verdicts[0] for tier in TIERS
    }
    document = verdict_document(broken, verdicts, origin="live", late=False, judged_at=START)
    normal = verdict_document(
        readings[0],
        {
            tier: judge(
                tier, window_of("well-1", readings[:1]), registry=registry, model=None, memory=None
            ).verdicts[0]
            for tier in TIERS
        },
        origin="live",
        late=False,
        judged_at=START,
    )
    store.upsert_verdicts(document["source_day"], [normal, document])
    [change] = Episodes(store).record([normal, document])
    now = START + timedelta(hours=1)
    assign(store, change.anomaly_id, to="Anna", by="Björn", now=now)
    modify(
        store, change.anomaly_id, values={"INJECTION_PRESSURE": 35.0}, reason="Sensor.", by="Anna", now=now
    )
    resolve(store, change.anomaly_id, notes="Pump at fault.", by="Anna", now=now)
    return change.anomaly_id


@pytest.mark.parametrize("collection", sorted(SPECIFICATION))
def test_every_document_has_the_keys_and_types_of_the_specification(
    store: AnomalyStore, anomaly_id: str, collection: str
) -> None:
    documents = list(store.query(collection, "SELECT * FROM c", {}))
    assert documents
    for document in documents:
        assert list(problems(document, SPECIFICATION[collection], collection)) == []


def test_both_verdicts_are_among_those_that_were_checked(store: AnomalyStore, anomaly_id: str) -> None:
    found = list(store.verdicts("well-1", START, START + timedelta(hours=1)))
    assert [each["final_status"] for each in found] == ["normal", "anomaly"]
    results = found[1]["heuristic"]["results"]
    assert results["INJECTION_PRESSURE"]["alarm_type"] == "High-High"
    assert results["INJECTION_PRESSURE"]["context"]
    assert len(results) == len(found[1]["ml"]["results"]["values"]) == len(found[1]["raw_data"]) - 1


def test_the_check_itself_sees_what_is_wrong() -> None:
    shape = SPECIFICATION[UNRESOLVED]
    good = {"anomaly_id": "a", "detected_at": format_time(START), "severity_level": "low", "assigned_to": ""}
    assert list(problems(good, shape, "x")) == []
    assert list(problems({**good, "ours": 1}, shape, "x")) == []
    for change in (
        {"assigned_to": None},
        {"detected_at": "2026-11-20 09:00"},
        {"severity_level": "bad"},
        {"anomaly_id": 5},
    ):
        assert len(list(problems({**good, **change}, shape, "x"))) == 1
    assert len(list(problems({}, shape, "x"))) == 4
    result = {"value": 1, "alarm_type": "OK", "status": "Normal", "context": ""}
    assert list(problems(result, TAG_RESULT, "x")) == []
    assert len(list(problems({**result, "more": 1, "value": True}, TAG_RESULT, "x"))) == 2


def problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What in `value` is not as the specification has it."""
    if isinstance(shape, Exactly):
        extra = set(value) - set(shape.keys) - set(shape.beside)
        if extra:
            yield f"{path}: {sorted(extra)} besides the specification's keys"
        yield from problems(value, shape.keys, path)
    elif isinstance(shape, Mapping):
        for key, inner in shape.items():
            if key not in value:
                yield f"{path}.{key}: missing"
            else:
                yield from problems(value[key], inner, f"{path}.{key}")
    elif isinstance(shape, EachTag):
        if not value:
            yield f"{path}: no tags"
        for tag, each in value.items():
            yield from problems(each, shape.shape, f"{path}.{tag}")
    elif not _is(value, shape):
        yield f"{path}: {value!r} is not {shape}"


def _is(value: Any, shape: Any) -> bool:
    if isinstance(shape, OneOf):
        return value in shape.words
    if shape is Number:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if shape is Instant:
        return isinstance(value, str) and _reads_back(value)
    if shape is float:
        # JSON has one kind of number: 1.0 may come back as 1.
        return _is(value, Number)
    return isinstance(value, shape)


def _reads_back(text: str) -> bool:
    try:
        return format_time(parse_time(text)) == text
    except ValueError:
        return False
