"""The language model's part: sentences, never verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time


class Writer:
    """Writes one sentence on every anomalous tag, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def write(self, document: Any, *, registry: Any) -> Any:
        self.asked.append(document["method"])
        results = {
            tag: {**result, "context": "By the model."} if result["status"] == "Anomaly" else result
            for tag, result in document["results"].items()
        }
        return {**document, "results": results}


@pytest.fixture
def body(telemetry: Telemetry) -> dict[str, Any]:
    rows = list(telemetry.readings())[360:480]
    readings = [{"timestamp": format_time(row.timestamp), **row.values} for row in rows]
    readings[-1]["INJECTION_PRESSURE"] = 49.5
    return {"source": "well-1", "readings": readings}


@pytest.mark.parametrize("tier", ["heuristic", "statistical"])
def test_the_writers_contexts_replace_the_known_causes_and_nothing_else(
    serve: Any, fitted: ReadingStore, body: dict[str, Any], tier: str
) -> None:
    writer = Writer()
    plain = serve().post(f"/detect/{tier}", json=body).json()
    written = serve(context_writer=writer).post(f"/detect/{tier}", json=body).json()
    assert writer.asked == [tier]
    result = written["verdicts"][0]["results"]["INJECTION_PRESSURE"]
    assert result["context"] == "By the model."
    assert plain["verdicts"][0]["results"]["INJECTION_PRESSURE"]["context"] not in ("", "By the model.")
    for verdict in (plain["verdicts"][0], written["verdicts"][0]):
        for each in verdict["results"].values():
            each.pop("context")
    assert written == plain


def test_ml_and_replays_are_not_written_about(serve: Any, fitted: ReadingStore, body: dict[str, Any]) -> None:
    writer = Writer()
    client = serve(context_writer=writer)
    assert client.post("/detect/ml", json=body).status_code == 200
    assert client.post("/detect/heuristic", json=body, params={"scope": "all"}).status_code == 200
    assert writer.asked == []
