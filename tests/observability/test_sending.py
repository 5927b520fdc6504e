"""Traces, figures and log records reach a collector and Application Insights over real connections."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from anomalyctl.errors import InvalidInput
from anomalyctl.observability import figures as process_figures
from anomalyctl.observability import names
from anomalyctl.observability.figures import Figure, offer
from anomalyctl.observability.settings import observability_settings
from anomalyctl.observability.starting import start_telling, stop_telling, tell_where_possible
from anomalyctl.observability.traces import Trace, span
from tests.support.certificates import Certificates, serving_https
from tests.support.collectors import Ingestion, OtlpCollector

KEY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def own_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stop_telling()  # what a test before this one began
    monkeypatch.setattr(process_figures, "_offers", [])
    offer(lambda: [Figure(names.QUEUE_LAG_SECONDS, [({}, 7.0)])])
    level = logging.getLogger("anomalyctl").level
    logging.getLogger("anomalyctl").setLevel(logging.INFO)
    yield
    stop_telling()
    logging.getLogger("anomalyctl").setLevel(level)


def test_a_collector_gets_traces_and_figures(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
    collector = OtlpCollector()
    with serving_https(collector.application, certificates) as address:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_TRACES_SAMPLER_ARG": "1"}
        telling = start_telling("functions", environ)
        trace = _one_trace()
        telling.flush()
        stop_telling()
    assert sorted(each.name for each in collector.spans) == ["readings", "step"]
    assert {each.trace_id.hex() for each in collector.spans} == {trace.id}
    assert "queue_lag_seconds" in collector.metrics


def test_application_insights_gets_traces_figures_and_lines(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
    ingestion = Ingestion()
    with serving_https(ingestion.application, certificates) as address:
        telling = start_telling("functions", _insights(address))
        trace = _one_trace()
        telling.flush()
        stop_telling()
    [line] = [each for each in ingestion.of("MessageData") if "judged 3" in each["message"]]
    assert line["properties"]["source"] == "well-1"
    assert any(each["name"] == "readings" for each in ingestion.of("RequestData"))
    metrics = {each["metrics"][0]["name"]: each["metrics"][0]["value"] for each in ingestion.of("MetricData")}
    assert metrics["queue_lag_seconds"] == 7.0
    assert {each["tags"].get("ai.operation.id") for each in ingestion.items} >= {trace.id}
    assert {each["iKey"] for each in ingestion.items} == {KEY}


def test_entra_lets_in_where_the_authentication_string_says_so(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    class Identity:
        def __init__(self, client_id: str | None = None) -> None:
            asked.append(client_id)

        def get_token(self, *scopes: str, **_: Any) -> AccessToken:
            asked.append(scopes)
            return AccessToken("a-token-of-entra", int(time.time()) + 3600)

    monkeypatch.setattr("azure.identity.ManagedIdentityCredential", Identity)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
    ingestion = Ingestion()
    with serving_https(ingestion.application, certificates) as address:
        said = {"APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "ClientId=1234;Authorization=AAD"}
        telling = start_telling("functions", _insights(address) | said)
        _one_trace()
        telling.flush()
        stop_telling()
    assert "1234" in asked
    assert set(ingestion.authorizations) == {"Bearer a-token-of-entra"}


def test_a_collector_that_is_away_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    start_telling("functions", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    _one_trace()
    began = time.monotonic()
    stop_telling()
    assert time.monotonic() - began < 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_TRACES_SAMPLER_ARG", "5 %"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
        ("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=hidden-value"),
    ],
)
def test_a_wrong_setting_is_named_and_costs_a_service_nothing_else(
    name: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidInput) as refused:
        start_telling("functions", {name: value})
    assert refused.value.field == name
    tell_where_possible("functions", {name: value})
    assert name in caplog.text
    assert "hidden-value" not in caplog.text + str(refused.value)


def test_one_switch_turns_everything_off(tmp_path: Path) -> None:
    all_of_it = {
        "OTEL_SDK_DISABLED": "true",
        "ANOMALYCTL_TRACES_FILE": str(tmp_path / "t"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY}",
    }
    assert not observability_settings("functions", all_of_it).records_traces


def _one_trace() -> Trace:
    trace = Trace("readings", source="well-1")
    with trace.active(), span("step"):
        logging.getLogger("anomalyctl.pipeline.drain").info("judged %d", 3, extra={"source": "well-1"})
    trace.end()
    return trace


def _insights(address: str) -> dict[str, str]:
    return {
        "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint={address}/",
        "OTEL_TRACES_SAMPLER_ARG": "1",
    }
