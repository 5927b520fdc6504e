"""The whole pipeline on the real parts: a quiet day stays quiet, and every kind of fault is found and named.

Takes about a minute: 8,640 readings of a quiet day and 4,680 of a bad one, each judged by three detectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.operations.connecting import connect
from anomalyctl.operations.connections import Connections
from anomalyctl.telemetry.times import parse_time
from tests.support.command_line import CommandLine

pytestmark = pytest.mark.timeout(420)

QUIET, FAULTY = "well-1", "well-2"
STRUCK = {
    "spike": "INJECTION_PRESSURE@3h",
    "level-shift": "WATER_FLOW_RATE@4h30m+10m",
    "drift": "INJECTION_TEMPERATURE@6h+20m",
    "stuck": "CO2_FLOW_RATE@7h30m+15m",
    "correlation-break": "HASA-4_TUBING_PRESSURE@9h+15m",
}
REFUSED = {"malformed": "CO2_FLOW_RATE@11h30m", "dropout": "LIQUID_TRACER_FLOW_RATE@12h+1m"}
LATE = "late:*@10h45m+2m"


@dataclass(frozen=True)
class Day:
    """What was sent, what the commands said of it, and the way to what was kept."""

    command: CommandLine
    quiet: dict[str, Any]
    faulty: dict[str, Any]
    stores: Connections

    def fault(self, kind: str) -> dict[str, Any]:
        return next(fault for fault in self.faulty["faults"] if fault["kind"] == kind)

    def episodes(self, source: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.command.document(
            "anomalies", "list", "--status", "all", "--source", source
        )
        return rows


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The environment `local` of its own, with both days sent and judged (about a minute)."""
    command = CommandLine(tmp_path_factory.mktemp("scenario") / "project")
    command.document("deploy", "--yes")
    try:
        quiet = command.document("simulate", "--backfill", "24h", "--seed", "7", "--source", QUIET)
        faults = [f"{kind}:{where}" for kind, where in {**STRUCK, **REFUSED}.items()] + [LATE]
        options = [word for fault in faults for word in ("--fault", fault)]
        faulty = command.document(
            "simulate", "--backfill", "13h", "--seed", "11", "--source", FAULTY, *options
        )
        command.document("status", "--wait", "5m")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANOMALYCTL_PROJECT", str(command.root))
            stores = connect("local")
        yield Day(command, quiet, faulty, stores)
    finally:
        command("destroy", "--yes")


def test_a_day_is_8640_readings(day: Day) -> None:
    assert day.quiet["readings"] == 8640
    start, end = parse_time(day.quiet["from"]), parse_time(day.quiet["to"])
    documents = list(day.stores.anomalies.verdicts(QUIET, start, end + timedelta(seconds=1)))
    assert len(documents) == len({document["id"] for document in documents}) == 8640


def test_quiet_telemetry_stays_quiet(day: Day) -> None:
    assert len(day.episodes(QUIET)) <= 1


@pytest.mark.parametrize("kind", STRUCK)
def test_a_fault_opens_an_episode_that_names_its_tag_first(day: Day, kind: str) -> None:
    fault = day.fault(kind)
    begin, end = parse_time(fault["from"]), parse_time(fault["to"]) + timedelta(minutes=5)
    found = [row for row in day.episodes(FAULTY) if begin <= parse_time(row["detected_at"]) <= end]
    assert [row["tags"][0] for row in found] == [fault["tag"]]


def test_nothing_else_was_found_on_the_bad_day(day: Day) -> None:
    assert len(day.episodes(FAULTY)) <= len(STRUCK) + 1


def test_late_readings_are_judged_and_marked(day: Day) -> None:
    fault = day.fault("late")
    window = parse_time(fault["from"]), parse_time(fault["to"]) + timedelta(seconds=1)
    documents = list(day.stores.anomalies.verdicts(FAULTY, *window))
    assert len(documents) == 12
    assert all(document["explanation"]["late"] for document in documents)
    assert {document["final_status"] for document in documents} == {"normal"}


@pytest.mark.parametrize(("kind", "count"), [("malformed", 1), ("dropout", 6)])
def test_refused_readings_are_dead_letters_that_name_the_field(day: Day, kind: str, count: int) -> None:
    fault = day.fault(kind)
    letters = [letter for letter in day.stores.readings.dead_letters.newest() if letter.field == fault["tag"]]
    assert len(letters) == count
    assert {letter.source for letter in letters} == {FAULTY}


def test_every_reading_has_its_verdict_or_is_a_dead_letter(day: Day) -> None:
    start, end = parse_time(day.faulty["from"]), parse_time(day.faulty["to"])
    kept = sum(1 for _ in day.stores.anomalies.verdicts(FAULTY, start, end + timedelta(seconds=1)))
    assert kept + len(day.stores.readings.dead_letters.newest()) == day.faulty["readings"] == 4680


def test_replay_over_http_gives_the_kept_conclusion(day: Day) -> None:
    fault = day.fault("level-shift")
    replayed = day.command.document(
        "replay", "--from", fault["from"], "--to", fault["to"], "--source", FAULTY
    )
    assert "WATER_FLOW_RATE" in str(replayed)


def test_resolving_moves_exactly_that_one(day: Day) -> None:
    before = day.command.document("anomalies", "list", "--source", FAULTY)
    chosen = before[0]["anomaly_id"]
    day.command.document("anomalies", "resolve", chosen, "--notes", "recalibrated")
    open_now = {row["anomaly_id"] for row in day.command.document("anomalies", "list", "--source", FAULTY)}
    assert open_now == {row["anomaly_id"] for row in before} - {chosen}
    [resolved] = day.command.document("anomalies", "list", "--status", "resolved", "--source", FAULTY)
    assert (resolved["anomaly_id"], resolved["resolution_notes"]) == (chosen, "recalibrated")


def test_nothing_secret_is_in_arguments_logs_or_answers(day: Day) -> None:
    local = day.command.root / ".anomalyctl" / "local"
    secrets = [value for value in _values((local / "secrets.json").read_text()) if len(value) > 12]
    assert secrets
    pids = [str(part["pid"]) for part in day.command.document("status")["parts"]]
    told = [Path("/proc", pid, "cmdline").read_bytes().decode() for pid in pids]
    told += [path.read_text() for path in (local / "logs").iterdir()]
    told += [day.command("status", "--output", form).stdout for form in ("json", "table")]
    told += [(local / "state.json").read_text()]
    assert [secret for secret in secrets if any(secret in text for text in told)] == []
    assert [path for path in local.rglob("*") if path.stat().st_mode & 0o077] == []


def _values(text: str) -> list[str]:
    import json

    def strings(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for child in value.values():
                yield from strings(child)

    return list(strings(json.loads(text)))
