"""The dashboard's data over a real Valkey and a real Cosmos endpoint: what is new, true and away."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.residuals import ResidualScorer
from anomalyctl.detection.window import Columns, Window
from anomalyctl.pipeline.dashboard import update_dashboard_cache
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from tests.support.dashboard_driver import Refused
from tests.support.dashboard_plant import NOW, Plant, shown_tag

TRACE = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret


def test_an_empty_environment_is_shown_as_empty_and_not_as_broken(plant: Plant) -> None:
    seen = plant.dashboard.ask("overview", source="nobody")
    assert (seen["readings"]["state"], seen["readings"]["at"]) == ("stale", None)
    assert seen["counts"] == {"critical": 0, "high": 0, "medium": 0, "low": 0}
    assert {part["part"]: part["state"] for part in seen["parts"]}["redis"] == "ok"
    assert {each["tag"] for each in seen["core"]} == set(built_in_registry().core)
    assert seen["operator"] is None


def test_a_poll_asks_only_for_what_is_newer_than_the_last(plant: Plant) -> None:
    plant.send("smart", [age * 10.0 for age in range(300)], **{f"T{at}": 1.5 for at in range(50)})
    before = plant.output_bytes()
    first = plant.dashboard.ask("overview", source="smart")
    middle = plant.output_bytes()
    plant.send("smart", [-5.0], A=77.0)
    second = plant.dashboard.ask("overview", source="smart")
    after = plant.output_bytes()
    assert (shown_tag(first, "A")["value"], shown_tag(second, "A")["value"]) == (0.0, 77.0)
    assert after - middle < (middle - before) / 20, "the window was read again"


def test_a_late_reading_and_one_that_was_taken_out_show_at_the_next_poll(plant: Plant) -> None:
    plant.send("late", [30.0, 20.0, 10.0, 0.0])
    assert plant.dashboard.ask("tag", source="late", tag="A")["points"]["v"] == [30, 20, 10, 0]
    plant.send("late", [15.0])
    assert plant.dashboard.ask("tag", source="late", tag="A")["points"]["v"] == [30, 20, 15, 10, 0]
    client = plant.readings._client
    client.zremrangebyrank("telemetry:window:late", 1, 1)
    assert plant.dashboard.ask("tag", source="late", tag="A")["points"]["v"] == [30, 15, 10, 0]


def test_what_is_no_reading_is_left_out_and_strange_names_stay_data(plant: Plant) -> None:
    key, client = "telemetry:window:odd", plant.readings._client
    hostile = '<img src=x onerror="alert(1)">'
    client.zadd(
        key, {b"\xff\xfe": epoch_ms(NOW) - 4000, b"[1]": epoch_ms(NOW) - 3000, b"{": epoch_ms(NOW) - 2000}
    )
    odd = json.dumps({hostile: 3, "__proto__": 4, "T": "text"})
    client.zadd(key, {odd.replace('"text"', '"text", "B": 1e400'): epoch_ms(NOW)})
    seen = plant.dashboard.ask("overview", source="odd")
    assert shown_tag(seen, hostile)["value"] == 3
    assert shown_tag(seen, hostile)["label"] == hostile
    assert shown_tag(seen, "__proto__")["value"] == 4
    series = plant.dashboard.ask("tag", source="odd", tag=hostile)
    assert series["points"] == {"t": [epoch_ms(NOW)], "v": [3]}


def test_a_day_of_readings_is_whole_and_then_only_the_new_ones_come(plant: Plant) -> None:
    ages = [age * 10.0 for age in range(8640, -1, -1)]
    times = plant.send("day", ages)
    series = plant.dashboard.ask("tag", source="day", tag="A")
    assert series["points"]["t"] == times
    assert series["points"]["v"] == ages
    later = plant.dashboard.ask("tag", source="day", tag="A", since=times[-3])
    assert later["points"]["t"] == times[-2:]
    assert len(shown_tag(plant.dashboard.ask("overview", source="day"), "A")["trend"]) <= 122


def test_more_than_a_chart_holds_keeps_its_smallest_and_largest(plant: Plant) -> None:
    plant.send("dense", [age / 2 for age in range(20_000, 0, -1) if age != 7_000])
    plant.send("dense", [3_500.0], A=-1e6)
    series = plant.dashboard.ask("tag", source="dense", tag="A")
    assert len(series["points"]["t"]) < 9_000
    assert (min(series["points"]["v"]), max(series["points"]["v"])) == (-1e6, 10_000.0)


def test_the_alarm_state_is_that_of_the_newest_verdict_and_unknown_once_it_is_old(plant: Plant) -> None:
    plant.send("judged", [10.0, 0.0], B=9.0, C=1.0)
    plant.judge("judged", 0.0, "B", severity="critical")
    seen = plant.dashboard.ask("overview", source="judged")
    assert (shown_tag(seen, "B")["alarmType"], shown_tag(seen, "B")["status"]) == ("High", "Anomaly")
    assert (shown_tag(seen, "C")["alarmType"], shown_tag(seen, "C")["status"]) == ("OK", "Normal")
    plant.send("judged", [-300.0], B=9.0, C=1.0)
    seen = plant.dashboard.ask("overview", source="judged")
    assert shown_tag(seen, "B")["status"] == shown_tag(seen, "C")["status"] == "Unknown"
    assert {part["part"]: part["state"] for part in seen["parts"]}["pipeline"] == "degraded"


def test_readings_that_an_episode_counted_are_marked_in_the_tags_series(plant: Plant) -> None:
    times = plant.send("marked", [30.0, 20.0, 10.0, 0.0])
    plant.judge("marked", 20.0, "A")
    plant.judge("marked", 10.0, "A")
    marks = plant.dashboard.ask("tag", source="marked", tag="A")["anomalies"]
    assert [mark["t"] for mark in marks] == times[1:3]
    assert marks[0]["anomalyId"].startswith(f"marked-{times[1]}-")


def test_the_expected_band_is_what_the_statistical_tier_expects(plant: Plant) -> None:
    start = NOW - timedelta(seconds=10 * 1_000)
    telemetry = simulate(
        built_in_registry(), seed=7, start=start, count=1_000, interval_s=10.0, source="banded"
    )
    window = Window("banded", telemetry.times_ms, telemetry.tags, telemetry.values)
    assert plant.dashboard.ask("overview", source="banded")["readings"]["at"] is None
    model = fit_model(window, built_in_registry(), fitted_at=NOW, version="v-1")
    plant.readings.save_model("banded", version="v-1", data=model.to_bytes(), fitted_at=NOW)
    rows = [
        {tag: value for tag, value in zip(window.tags, values, strict=True) if value == value}
        for values in window.values.tolist()
    ]
    payloads = [(int(ms), json.dumps(row).encode()) for ms, row in zip(window.times_ms, rows, strict=True)]
    plant.readings.append("banded", payloads, origin="simulated")

    scorer, expected = ResidualScorer(model.residuals, model.cadence_s), []
    for values in Columns(model.residuals.tags).of(window):
        scorer.score(values)
        expected.append(scorer.expected)
    limit = model.residual_limits.alarm_value(0)
    for name in ("INJECTION_PRESSURE", "CO2_FLOW_RATE"):
        at = model.residuals.tags.index(name)
        part = model.residuals
        reach = part.scale[at] * part.sigma[at] * part.tail[at] * limit
        band = plant.dashboard.ask("tag", source="banded", tag=name)["band"]
        assert band["t"] == [int(ms) for ms in window.times_ms[20:]]
        wanted = np.array([row[at] for row in expected[20:]])
        np.testing.assert_allclose(band["lower"], wanted - reach, rtol=1e-9)
        np.testing.assert_allclose(band["upper"], wanted + reach, rtol=1e-9)
    assert plant.dashboard.ask("tag", source="late", tag="A")["band"] is None


def test_counts_come_from_the_cache_while_it_is_fresh_and_from_cosmos_db_once_it_is_stale(
    plant: Plant,
) -> None:
    plant.judge("counted", 3600.0, "A", severity="critical")
    update_dashboard_cache(plant.readings, plant.anomalies, now=datetime.now(UTC))
    cached = plant.dashboard.ask("overview", source="counted")
    plant.judge("counted", 0.0, "C", severity="critical")
    assert plant.dashboard.ask("overview", source="counted")["counts"] == cached["counts"]
    update_dashboard_cache(plant.readings, plant.anomalies, now=datetime.now(UTC) - timedelta(minutes=2))
    plant.judge("counted", 1200.0, "B", severity="critical")
    fresh = plant.dashboard.ask("overview", source="counted")
    assert fresh["counts"]["critical"] == cached["counts"]["critical"] + 2
    assert fresh["anomalies"]["state"] == "live"
    assert fresh["open"][0]["severity"] == "critical"


def test_anomalies_are_filtered_sorted_and_paged_and_a_wrong_question_names_its_field(plant: Plant) -> None:
    for number in range(60):
        plant.judge("many", 80_000.0 - number * 1_000, "A" if number % 2 else "B", severity="low")
    page = plant.dashboard.ask("anomalies", query="source=many&page=2&sort=oldest")
    assert (page["total"], page["page"], len(page["episodes"])) == (60, 2, 10)
    times = [each["firstSeen"] for each in page["episodes"]]
    assert times == sorted(times)
    assert plant.dashboard.ask("anomalies", query="source=many&tag=A&severity=low,high")["total"] == 30
    assert plant.dashboard.ask("anomalies", query="source=many&severity=critical")["total"] == 0
    assert plant.dashboard.ask("anomalies", query="source=many&page=99")["page"] == 2
    hostile = plant.dashboard.ask("anomalies", query="tag=%27%20OR%201%3D1%20--&source=many")
    assert hostile["total"] == 0
    for query, field in (
        ("status=x", "status"),
        ("severity=x", "severity"),
        ("page=0", "page"),
        ("source=../", "source"),
    ):
        with pytest.raises(Refused) as refused:
            plant.dashboard.ask("anomalies", query=query)
        assert (refused.value.code, refused.value.field) == ("invalid", field)


def test_an_episode_shows_the_three_methods_and_what_happened(plant: Plant) -> None:
    document = plant.judge("shown", 60.0, "A", shares={"A": 1.0}, trace_id=TRACE)
    (found,) = plant.dashboard.ask("anomalies", query="source=shown")["episodes"]
    request = {"anomalyId": found["anomalyId"], "etag": found["etag"], "to": "bert"}
    assert plant.dashboard.ask("act", action="assign", operator="anna", request=request)["ok"]
    detail = plant.dashboard.ask("episode", id=found["anomalyId"])
    assert detail["methods"]["heuristic"]["status"] == "Anomaly"
    assert detail["methods"]["heuristic"]["explanation"]["findings"][0]["expected"] == 5.0
    assert detail["methods"]["statistical"]["status"] == "Normal"
    assert detail["methods"]["ml"]["status"] == "Anomaly"
    assert detail["reading"]["A"] == document["raw_data"]["A"]
    assert detail["traceId"] == document["explanation"]["trace_id"]
    assert [(each["action"], each["by"]) for each in detail["timeline"]] == [
        ("opened", "pipeline"),
        ("assign", "anna"),
    ]
    assert detail["allowed"] == ["assign", "modify", "resolve"]
    with pytest.raises(Refused) as refused:
        plant.dashboard.ask("episode", id="well-1-1-00000000")
    assert refused.value.code == "not-found"


@pytest.mark.parametrize(("source", "trace"), [("no-trace", None), ("odd-trace", "--follow; reboot")])
def test_what_is_no_trace_is_not_shown_as_one(plant: Plant, source: str, trace: str | None) -> None:
    plant.judge(source, 60.0, "A", trace_id=trace)
    (found,) = plant.dashboard.ask("anomalies", query=f"source={source}")["episodes"]
    assert plant.dashboard.ask("episode", id=found["anomalyId"])["traceId"] == ""


def test_its_log_is_lines_of_json_with_the_fields_of_the_other_services(plant: Plant, tmp_path: Path) -> None:
    plant.judge("logged", 60.0, "A")
    (found,) = plant.dashboard.ask("anomalies", query="source=logged")["episodes"]
    request = {"anomalyId": found["anomalyId"], "etag": "", "notes": "password=hunter2"}
    plant.dashboard.ask("act", action="resolve", operator="anna", request=request)
    line = json.loads(plant.dashboard.logs[-1])
    assert {"timestamp", "level", "service", "environment", "message"} <= line.keys()
    assert (line["service"], line["by"], line["action"]) == ("dashboard", "anna", "resolve")
    assert "hunter2" not in "".join(plant.dashboard.logs)
