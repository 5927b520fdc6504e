"""What the service answers to a window."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest

from anomalyctl.detection.model import SourceModel
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time


def readings_of(telemetry: Telemetry, first: int, stop: int) -> list[dict[str, Any]]:
    rows = list(telemetry.readings())[first:stop]
    return [{"timestamp": format_time(row.timestamp), **row.values} for row in rows]


def ask(
    client: httpx.Client, tier: str, readings: list[dict[str, Any]], memory: Any = None, **query: Any
) -> dict[str, Any]:
    body = {"source": "well-1", "readings": readings, "memory": memory or {}}
    answer = client.post(f"/detect/{tier}", json=body, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("tier", ["heuristic", "statistical"])
def test_a_tag_tier_answers_the_specifications_document(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry, tier: str
) -> None:
    readings = readings_of(telemetry, 360, 480)
    answer = ask(client, tier, readings)
    assert set(answer) == {"verdicts", "memory"}
    (verdict,) = answer["verdicts"]
    assert set(verdict) == {"timestamp", "method", "results", "explanation"}
    assert verdict["timestamp"] == readings[-1]["timestamp"]
    assert verdict["method"] == tier
    assert set(verdict["results"]) == set(readings[-1]) - {"timestamp"}
    assert verdict["results"]["CO2_FLOW_RATE"] == {
        "value": readings[-1]["CO2_FLOW_RATE"],
        "alarm_type": "OK",
        "status": "Normal",
        "context": "",
    }
    assert verdict["explanation"]["model_version"] == "v-1"


def test_the_ml_tier_answers_values_one_status_and_its_time(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry
) -> None:
    readings = readings_of(telemetry, 360, 480)
    (verdict,) = ask(client, "ml", readings)["verdicts"]
    assert set(verdict) == {"timestamp", "method", "results", "processing_time_ms", "explanation"}
    assert set(verdict["results"]) == {"values", "status"}
    assert verdict["results"]["status"] == "Normal"
    assert verdict["processing_time_ms"] > 0
    assert verdict["explanation"]["state"] == "judged"


def test_before_the_first_model_the_verdict_says_warming_up_and_limits_alarm(
    client: httpx.Client, telemetry: Telemetry
) -> None:
    readings = readings_of(telemetry, 0, 3)
    for reading in readings[1:]:
        reading["INJECTION_PRESSURE"] = 49.0
    (verdict,) = ask(client, "heuristic", readings)["verdicts"]
    assert verdict["explanation"]["state"] == "warming-up"
    result = verdict["results"]["INJECTION_PRESSURE"]
    assert (result["alarm_type"], result["status"]) == ("High-High", "Anomaly")
    assert result["context"]
    for tier in ("statistical", "ml"):
        (verdict,) = ask(client, tier, readings)["verdicts"]
        assert verdict["explanation"]["state"] == "warming-up"
        assert verdict["explanation"]["score"] is None


@pytest.mark.parametrize("tier", ["heuristic", "statistical", "ml"])
def test_last_n_answers_what_one_by_one_answers(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry, tier: str
) -> None:
    readings = readings_of(telemetry, 340, 380)
    readings[25]["INJECTION_PRESSURE"] = 44.0
    at_once = ask(client, tier, readings, last=20)
    memory: Any = None
    singly = []
    for stop in range(21, 41):
        answer = ask(client, tier, readings[:stop], memory)
        memory = answer["memory"]
        singly.extend(answer["verdicts"])
    for verdict in [*at_once["verdicts"], *singly]:
        verdict.pop("processing_time_ms", None)
    assert at_once["verdicts"] == singly
    assert at_once["memory"] == memory


@pytest.mark.parametrize("tier", ["heuristic", "statistical", "ml"])
def test_scope_all_judges_every_reading_and_keeps_no_memory(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry, tier: str
) -> None:
    readings = readings_of(telemetry, 0, 540)
    readings[500]["INJECTION_PRESSURE"] = 49.5
    answer = ask(client, tier, readings, {"as_of": 1}, scope="all")
    assert answer["memory"] == {}
    assert len(answer["verdicts"]) == 540
    at_fault = answer["verdicts"][500]["results"]
    if tier == "ml":
        assert at_fault["status"] == "Anomaly"
        assert answer["verdicts"][499]["results"] == {"values": {}, "status": "Normal"}
    else:
        assert "INJECTION_PRESSURE" in at_fault
        assert answer["verdicts"][499]["results"] == {}
    full = ask(client, tier, readings[:2], scope="all", results="full")["verdicts"][0]["results"]
    assert "CO2_FLOW_RATE" in (full["values"] if tier == "ml" else full)


def test_a_new_model_is_used_from_the_next_request_on(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry, model_bytes: bytes
) -> None:
    readings = readings_of(telemetry, 360, 400)
    memory = ask(client, "ml", readings)["memory"]
    assert memory["model"] == "v-1"
    renamed = SourceModel.from_bytes(model_bytes)
    data = dataclasses.replace(renamed, version="v-2").to_bytes()
    fitted.save_model("well-1", version="v-2", data=data, fitted_at=renamed.fitted_at, rows=360)
    answer = ask(client, "ml", readings_of(telemetry, 360, 401), memory)
    assert answer["verdicts"][0]["explanation"]["model_version"] == "v-2"


def test_a_late_reading_is_judged_from_its_window_and_marked(
    client: httpx.Client, fitted: ReadingStore, telemetry: Telemetry
) -> None:
    (verdict,) = ask(client, "statistical", readings_of(telemetry, 380, 480), late=True)["verdicts"]
    assert verdict["explanation"]["late"] is True
    assert verdict["explanation"]["state"] == "judged"


def test_a_damaged_model_counts_as_none(
    client: httpx.Client, reading_store: ReadingStore, telemetry: Telemetry
) -> None:
    reading_store.save_model(
        "well-1", version="bad", data=b"not a model", fitted_at=next(telemetry.readings()).timestamp, rows=1
    )
    (verdict,) = ask(client, "ml", readings_of(telemetry, 0, 2))["verdicts"]
    assert verdict["explanation"]["state"] == "warming-up"
