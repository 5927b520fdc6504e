import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest

from anomalyctl.errors import InvalidInput, ReadingRefused
from anomalyctl.telemetry.deliveries import Deliveries
from anomalyctl.telemetry.faults import KINDS, inject, injector, labels, parse_fault
from anomalyctl.telemetry.process import behaviour_of
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import Telemetry, simulate
from anomalyctl.telemetry.times import epoch_ms, format_time, parse_time
from anomalyctl.telemetry.validation import parse_reading

REGISTRY = built_in_registry()
START = datetime(2025, 8, 26, 10, 40, 29, 652_000, tzinfo=UTC)
QUIET = simulate(REGISTRY, seed=7, start=START, count=1000)
NOISE = {name: behaviour.noise for name, behaviour in behaviour_of(REGISTRY).items()}


def damaged(*faults: str) -> tuple[Telemetry, list[dict[str, Any]]]:
    return inject(QUIET, [parse_fault(text) for text in faults], REGISTRY)


def column(telemetry: Telemetry, tag: str) -> Any:
    return telemetry.values[:, telemetry.tags.index(tag)]


def changed(telemetry: Telemetry) -> dict[str, list[int]]:
    differs = (telemetry.values != QUIET.values) & ~(np.isnan(telemetry.values) & np.isnan(QUIET.values))
    return {
        tag: np.flatnonzero(differs[:, i]).tolist()
        for i, tag in enumerate(telemetry.tags)
        if differs[:, i].any()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_with_its_defaults_and_written_back(kind: str) -> None:
    fault = parse_fault(f"{kind}:HASA-4_TUBING_PRESSURE@1h30m")
    assert fault.kind == kind and fault.tag == "HASA-4_TUBING_PRESSURE"
    assert fault.offset == timedelta(minutes=90)
    assert parse_fault(str(fault)) == fault


def test_everything_may_be_said() -> None:
    fault = parse_fault("level-shift:a x+b@c:d@90s+10mx-2.5")
    assert (fault.tag, fault.offset.seconds, fault.duration.seconds, fault.size) == (
        "a x+b@c:d",
        90,
        600,
        -2.5,
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "spike", "spike:A", "spike:@5m", ":A@5m", "spike:A@", "spike:A@5", "spike:A@5m+", "spike:A@5mx",
        "spike:A@5mx0", "spike:A@5mxnan", "spike:A@5mxinf", "spike:A@-5m", "stuck:A@5mx3",
        "malformed:A@5mx3", "late:*@5mx0.5", "late:*@5mx-3",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_fault(text)
    assert refused.value.field == "fault" and refused.value.hint


def test_an_unknown_kind_or_tag_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_fault("levelshift:CO2_FLOW_RATE@5m")
    assert "level-shift" in refused.value.hint
    with pytest.raises(InvalidInput) as refused:
        damaged("spike:CO2_FLOWRATE@5m")
    assert "CO2_FLOW_RATE" in refused.value.hint
    for text in ("spike:*@5m", "dropout:*@5m"):
        with pytest.raises(InvalidInput):
            damaged(text)


def test_a_spike_is_one_reading_of_one_tag_by_its_size_in_noise() -> None:
    telemetry, [label] = damaged("spike:INJECTION_PRESSURE@10mx20")
    assert changed(telemetry) == {"INJECTION_PRESSURE": [60]}
    step = column(telemetry, "INJECTION_PRESSURE")[60] - column(QUIET, "INJECTION_PRESSURE")[60]
    assert step == pytest.approx(20 * NOISE["INJECTION_PRESSURE"], abs=0.01)
    when = format_time(START + timedelta(minutes=10))
    assert label == {"kind": "spike", "tag": "INJECTION_PRESSURE", "from": when, "to": when, "size": 20.0}


def test_a_level_shift_ends_when_its_duration_does() -> None:
    telemetry, [label] = damaged("level-shift:CO2_FLOW_RATE@10m+5mx-8")
    assert changed(telemetry) == {"CO2_FLOW_RATE": list(range(60, 90))}
    assert parse_time(label["to"]) - parse_time(label["from"]) == timedelta(seconds=290)


def test_a_drift_grows_to_its_size() -> None:
    telemetry, _ = damaged("drift:CO2_FLOW_RATE@10m+30mx10")
    grown = (column(telemetry, "CO2_FLOW_RATE") - column(QUIET, "CO2_FLOW_RATE")) / NOISE["CO2_FLOW_RATE"]
    assert np.all(np.diff(grown[60:240]) >= -1e-9)
    assert grown[150] == pytest.approx(5, abs=0.1) and grown[239] == pytest.approx(10, abs=0.1)
    assert grown[240] == 0


def test_a_stuck_tag_repeats_its_first_value() -> None:
    telemetry, _ = damaged("stuck:INJECTION_TEMPERATURE@10m+10m")
    assert set(column(telemetry, "INJECTION_TEMPERATURE")[60:120].tolist()) == {
        column(QUIET, "INJECTION_TEMPERATURE")[60]
    }


def test_a_dropped_tag_is_missing_from_the_readings() -> None:
    telemetry, _ = damaged("dropout:WATER_TANK_LEVEL@10m+1m")
    readings = list(telemetry.readings())
    assert [i for i, reading in enumerate(readings) if "WATER_TANK_LEVEL" not in reading.values] == list(
        range(60, 66)
    )


def test_a_broken_correlation_keeps_the_level_and_loses_the_neighbours() -> None:
    telemetry, _ = damaged("correlation-break:MIXER_INLET_PRESSURE@20m+40mx2")
    alone = slice(120, 360)
    before = np.corrcoef(
        column(QUIET, "MIXER_INLET_PRESSURE")[alone], column(QUIET, "INJECTION_PRESSURE")[alone]
    )
    after = np.corrcoef(
        column(telemetry, "MIXER_INLET_PRESSURE")[alone], column(telemetry, "INJECTION_PRESSURE")[alone]
    )
    assert before[0, 1] > 0.8 and abs(after[0, 1]) < 0.3
    swing = (
        column(telemetry, "MIXER_INLET_PRESSURE")[alone]
        - behaviour_of(REGISTRY)["MIXER_INLET_PRESSURE"].typical
    )
    assert np.abs(swing).max() <= 2.02 * NOISE["MIXER_INLET_PRESSURE"]


def test_an_hourly_tag_drifts_by_the_hour() -> None:
    telemetry, _ = damaged("drift:CO2_PURITY@0s+2hx20")
    hours = telemetry.times_ms // 3_600_000
    values = column(telemetry, "CO2_PURITY")[:720]
    assert all(len(set(values[hours[:720] == hour].tolist())) == 1 for hour in set(hours[:720].tolist()))


def test_late_readings_are_held_back_and_delivered_in_order_after_those_that_overtake_them() -> None:
    telemetry, _ = damaged("late:*@10m+20sx3")
    assert changed(telemetry) == {}
    deliveries = Deliveries()
    deliveries.add(telemetry)
    order = [(delivery.time_ms - epoch_ms(START)) // 10_000 for delivery in deliveries.rest()]
    assert order[58:68] == [58, 59, 62, 63, 64, 60, 61, 65, 66, 67]


def test_malformed_readings_are_refused_with_the_tag_named_and_left_out_of_the_readings() -> None:
    telemetry, _ = damaged("malformed:CO2_FLOW_RATE@10m", "malformed:*@20m")
    deliveries = Deliveries()
    deliveries.add(telemetry)
    payloads = [delivery.payload for delivery in deliveries.rest()]
    refused = {}
    for index, payload in enumerate(payloads):
        try:
            parse_reading(payload, source="well-1", registry=REGISTRY, now=START + timedelta(days=1))
        except ReadingRefused as refusal:
            refused[index] = refusal.field
    assert refused == {60: "CO2_FLOW_RATE", 120: "payload"}
    assert len(list(telemetry.readings())) == 998


def test_a_core_tag_that_drops_out_is_refused_with_its_name() -> None:
    telemetry, _ = damaged("dropout:WATER_FLOW_RATE@10m+10s")
    deliveries = Deliveries()
    deliveries.add(telemetry)
    payload = list(deliveries.rest())[60].payload
    assert "WATER_FLOW_RATE" not in orjson.loads(payload)
    with pytest.raises(ReadingRefused) as refused:
        parse_reading(payload, source="well-1", registry=REGISTRY, now=START + timedelta(days=1))
    assert refused.value.field == "WATER_FLOW_RATE"


def test_faults_are_the_same_in_parts_as_in_one_go() -> None:
    texts = [f"{kind}:INJECTION_PRESSURE@{60 + 900 * i}s+10m" for i, kind in enumerate(KINDS)]
    faults = [parse_fault(text) for text in texts]
    whole, _ = inject(QUIET, faults, REGISTRY)
    parts = injector(faults, REGISTRY, start=START)
    for at in range(0, 1000, 37):
        count = min(37, 1000 - at)
        part = parts.apply(simulate(REGISTRY, seed=7, start=START + at * timedelta(seconds=10), count=count))
        assert np.array_equal(part.values, whole.values[at : at + count], equal_nan=True)
        assert set(part.malformed) <= set(whole.malformed) and set(part.delays_ms) <= set(whole.delays_ms)


def test_labels_name_the_rows_that_changed_even_between_the_ticks() -> None:
    telemetry, [label] = damaged("level-shift:CO2_FLOW_RATE@601s+25s")
    rows = changed(telemetry)["CO2_FLOW_RATE"]
    assert rows == [61, 62]
    assert parse_time(label["from"]) == START + timedelta(seconds=610)
    assert parse_time(label["to"]) == START + timedelta(seconds=620)
    assert json.loads(json.dumps(labels([parse_fault("stuck:A@5m")], start=START)))[0]["size"] is None
