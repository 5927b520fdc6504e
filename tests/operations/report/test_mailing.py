"""The report's mail: one record that Application Insights takes, in words that the alert rule looks for."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from anomalyctl.errors import InvalidInput, PreconditionFailed, Unreachable
from anomalyctl.operations.report.day_report import DayReport
from anomalyctl.operations.report.job_connections import connect_in_job
from anomalyctl.operations.report.mailing import BEGINNING, Mailbox, letter_of
from anomalyctl.operations.report.recommendations import Recommendation

ALERTS = Path(__file__).parents[3] / "terraform" / "alerts-queries.tf"
KEY = "00000000-0000-4000-8000-000000000001"


class Insights:
    """Takes what the exporter sends."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        insights = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                sent = json.loads(body)
                insights.taken += sent
                accepted = len(sent) if insights.status == 200 else 0
                told = {"itemsReceived": len(sent), "itemsAccepted": accepted, "errors": []}
                answer = json.dumps(told).encode()
                self.send_response(insights.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def environ(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint={address}"
        }


@pytest.fixture
def insights(monkeypatch: pytest.MonkeyPatch) -> Iterator[Insights]:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    made = Insights()
    yield made
    made.server.shutdown()
    made.server.server_close()


def report(summary: str = "A quiet day.") -> DayReport:
    return DayReport(
        environment="prod",
        day="2026-11-20",
        start="",
        end="",
        summary=summary,
        summary_by="arithmetic",
        summary_note="",
        judging=(),
        dead_letters={},
        anomalies=(),
        trends={},
        alarm_health=cast(Any, None),
        recommendations=(Recommendation("rule", "Look at HASA-4.", "anomalyctl anomalies list"),),
    )


def test_one_record_is_taken_that_the_alert_rule_finds(insights: Insights):
    Mailbox.of(insights.environ).send(report())
    (record,) = insights.taken
    message = record["data"]["baseData"]["message"]
    assert message == "daily report: prod, 2026-11-20: A quiet day. – Look at HASA-4."
    assert record["data"]["baseData"]["properties"]["day"] == "2026-11-20"
    wanted = re.search(r'Message startswith "(daily report: )"', ALERTS.read_text())
    assert wanted is not None
    assert wanted[1] == BEGINNING


def test_a_long_report_is_cut_between_words():
    text = letter_of(report("word " * 1000))
    assert len(text) < 950
    assert text.endswith("word …")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_not_taken_is_told(insights: Insights):
    insights.status = 400
    with pytest.raises(Unreachable, match="did not take"):
        Mailbox.of(insights.environ).send(report())


def test_without_application_insights_there_is_no_post():
    with pytest.raises(PreconditionFailed, match="APPLICATIONINSIGHTS_CONNECTION_STRING"):
        Mailbox.of({})


def test_a_connection_string_that_is_none_is_named_and_not_shown():
    with pytest.raises(InvalidInput, match="CONNECTION_STRING is not one") as refused:
        Mailbox.of({"APPLICATIONINSIGHTS_CONNECTION_STRING": "a-key-of-mine"}).send(report())
    assert "a-key-of-mine" not in refused.value.message


def test_only_a_job_takes_its_stores_from_its_settings():
    assert connect_in_job("prod", {}) is None
    found = connect_in_job("prod", {"CONTAINER_APP_JOB_NAME": "caj-wells-prod"})
    assert found is not None
    assert found.environment.name == "prod"
