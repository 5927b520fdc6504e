"""The stores of a plant with the dashboard's data code in front of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.times import epoch_ms, format_time
from anomalyctl.triage.episodes import Episodes
from tests.support.cosmos_server import CosmosServer
from tests.support.dashboard_driver import DashboardDriver
from tests.support.own_valkey import OwnValkey
from tests.support.verdict_documents import verdict

NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass
class Plant:
    """The stores, and the dashboard in front of them."""

    valkey: OwnValkey
    cosmos: CosmosServer
    readings: ReadingStore
    anomalies: AnomalyStore
    dashboard: DashboardDriver

    def send(self, source: str, ages_s: list[float], **values: float) -> list[int]:
        """Readings of these ages; returns their times in ms."""
        rows = [(epoch_ms(NOW - timedelta(seconds=age)), age) for age in ages_s]
        payloads = [
            (
                ms,
                json.dumps(
                    {"timestamp": format_time(NOW - timedelta(seconds=age)), "A": age, **values}
                ).encode(),
            )
            for ms, age in rows
        ]
        self.readings.append(source, payloads, origin="live")
        return [ms for ms, _ in rows]

    def judge(self, source: str, age_s: float, *tags: str, **said: Any) -> dict[str, Any]:
        """A verdict on the reading of this age, counted into an episode where it is one."""
        seconds = (NOW - timedelta(seconds=age_s) - datetime(2026, 11, 20, 9, 0, tzinfo=UTC)).total_seconds()
        document = verdict(seconds, *tags, source=source, **said)
        self.anomalies.upsert_verdicts(document["source_day"], [document])
        Episodes(self.anomalies).record([document])
        return document

    def output_bytes(self) -> int:
        """Bytes that Valkey has sent so far."""
        return int(self.readings._client.info("stats")["total_net_output_bytes"])


def shown_tag(overview: dict[str, Any], name: str) -> dict[str, Any]:
    """What an overview shows of a tag."""
    return next(each for each in overview["core"] + overview["others"] if each["tag"] == name)
