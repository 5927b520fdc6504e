"""Simulated faults beside the verdicts that are kept, on the real Cosmos SDK."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.errors import NotFound
from anomalyctl.operations.simulation_score import score
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.telemetry.times import epoch_ms, format_time
from tests.support.cosmos_server import cosmos_server

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnomalyStore]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server:
        anomalies = AnomalyStore(connect_cosmos(server.connection_string))
        anomalies.create_if_missing()
        yield anomalies


def at(row: int) -> str:
    return format_time(START + timedelta(seconds=10 * row))


def run(source: str, *faults: tuple[str, str, int, int], rows: int = 400) -> dict[str, Any]:
    told = [
        {"kind": kind, "tag": tag, "from": at(first), "to": at(last), "size": 8.0}
        for kind, tag, first, last in faults
    ]
    return {"source": source, "from": at(0), "to": at(rows - 1), "ended_at": at(rows), "faults": told}


def judge(store: AnomalyStore, source: str, found: dict[int, list[str]], *, late: int = -1) -> None:
    documents = [
        {
            "id": f"{source}:{epoch_ms(START) + 10_000 * row}",
            "source": source,
            "source_day": f"{source}:{at(row)[:10]}",
            "timestamp": at(row),
            "final_status": "anomaly" if row in found else "normal",
            "explanation": {"tags": found.get(row, []), "late": row == late},
        }
        for row in range(400)
    ]
    store.upsert_verdicts(f"{source}:{at(0)[:10]}", documents)


def test_recall_delay_and_precision_by_kind(store: AnomalyStore) -> None:
    found = {12: ["A"], 13: ["A", "B"], 101: ["B", "C"], 102: ["C"], 300: ["D"]}
    judge(store, "well-a", found, late=250)
    simulated = run(
        "well-a",
        ("level-shift", "A", 10, 20),
        ("level-shift", "C", 100, 110),
        ("drift", "E", 180, 182),
        ("late", "*", 250, 250),
    )
    told = score(store, [simulated])
    shift, drift, late = told.kinds
    assert (shift.kind, shift.faults, shift.found, shift.leading) == ("level-shift", 2, 2, 1)
    assert shift.recall == 1.0
    assert (shift.delay_p50_s, shift.delay_p95_s) == (10.0, 20.0)
    assert (drift.found, drift.delay_p50_s) == (0, None)
    assert (late.kind, late.found) == ("late", 1)
    assert told.recall == 3 / 4
    assert (told.true_spans, told.false_spans, told.precision) == (2, 1, 2 / 3)
    assert told.readings == 400


def test_a_malformed_reading_is_found_among_the_dead_letters(store: AnomalyStore) -> None:
    judge(store, "well-b", {})
    simulated = run("well-b", ("malformed", "A", 50, 50), ("malformed", "A", 60, 60))
    letter = {"id": f"{epoch_ms(START) + 4_000_000}-0", "source": "well-b", "kind": "refused"}
    letter |= {"failed_at": at(400), "payload": '{"timestamp":"' + at(50) + '","A":"#"}', "state": "waiting"}
    store.add_dead_letter(letter)
    assert [fault.found for fault in score(store, [simulated]).faults] == [True, False]


def test_without_runs_or_verdicts_there_is_nothing_to_score(store: AnomalyStore) -> None:
    with pytest.raises(NotFound, match="No simulation"):
        score(store, [])
    with pytest.raises(NotFound, match="verdict"):
        score(store, [run("well-z", ("spike", "A", 1, 1))])
