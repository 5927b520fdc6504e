"""What the language model costs and whether it is left alone is told: to /metrics, and to other replicas."""

from __future__ import annotations

import platform
from typing import Any

import pytest

from anomalyctl.errors import Transient
from anomalyctl.observability import names
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time
from detector_service.language import shared_writer
from detector_service.metrics import Metrics
from tests.support.openai_stub import DEPLOYMENT, KEY, running_openai_stub


@pytest.fixture
def body(telemetry: Telemetry) -> dict[str, Any]:
    rows = list(telemetry.readings())[360:480]
    readings = [{"timestamp": format_time(row.timestamp), **row.values} for row in rows]
    readings[-1]["INJECTION_PRESSURE"] = 49.5
    return {"source": "well-1", "readings": readings}


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("AZURE_OPENAI_DEPLOYMENT", DEPLOYMENT)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RESILIENCE_LANGUAGE_MODEL_ATTEMPTS", "1")
    monkeypatch.setenv("RESILIENCE_LANGUAGE_MODEL_BREAKER_FAILURES", "1")


def test_a_model_that_is_down_is_told_and_left_alone_by_all_replicas(
    serve: Any, fitted: ReadingStore, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(context_writer=shared_writer(fitted))
    assert client.post("/detect/heuristic", json=body).status_code == 200
    [state] = fitted.breakers.read()
    assert (state.name, state.state) == ("language model", "open")
    assert state.owner.startswith("detectors-")
    assert 'breaker_open{name="language model"} 1.0' in client.get("/metrics").text
    monkeypatch.setattr(platform, "node", lambda: "another-replica")
    other = shared_writer(fitted)
    assert other is not None
    assert other.guard is not None
    assert other.guard.state == "closed"
    other.before_asking()
    with pytest.raises(Transient, match="left alone"):
        other.guard.call(lambda: "asked")


def test_tokens_are_told_by_the_names_that_everybody_has(
    serve: Any, fitted: ReadingStore, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_openai_stub() as stub:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", stub.endpoint)
        writer = shared_writer(fitted)
        assert writer is not None
        client = serve(context_writer=writer)
        client.post("/detect/heuristic", json=body)
        told = client.get("/metrics").text
    assert 'language_tokens_total{kind="prompt"} 100.0' in told
    assert 'language_tokens_total{kind="completion"} 50.0' in told
    assert 'breaker_open{name="language model"} 0.0' in told
    metrics = Metrics(writer.counters, [writer.guard] if writer.guard else [])
    metrics.requests.labels("ml", "ok").inc()
    found = {figure.name: figure.values for figure in metrics.figures()}
    assert set(found) <= {name.name for name in names.NAMES}
    assert found["detector_requests"] == [({"tier": "ml", "status": "ok"}, 1.0)]
    assert found["language_tokens"] == [({"kind": "prompt"}, 100.0), ({"kind": "completion"}, 50.0)]
