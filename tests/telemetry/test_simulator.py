from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.process import behaviour_of
from anomalyctl.telemetry.registry import built_in_registry, parse_registry
from anomalyctl.telemetry.simulator import Telemetry, simulate
from anomalyctl.telemetry.validation import encode_reading, parse_reading

REGISTRY = built_in_registry()
START = datetime(2025, 8, 26, 10, 40, 29, 652_000, tzinfo=UTC)
TEN_SECONDS = timedelta(seconds=10)


def run(start: datetime = START, count: int = 100, **options: Any) -> Telemetry:
    return simulate(REGISTRY, **{"seed": 7, "start": start, "count": count, **options})


@pytest.fixture(scope="module")
def day() -> Telemetry:
    return run(count=8640)


def column(telemetry: Telemetry, tag: str) -> Any:
    return telemetry.values[:, telemetry.tags.index(tag)]


def same(a: Telemetry, b: Telemetry) -> bool:
    return np.array_equal(a.values, b.values, equal_nan=True) and np.array_equal(a.times_ms, b.times_ms)


def test_the_same_seed_and_start_give_the_same_bytes_and_another_seed_others() -> None:
    wire = [encode_reading(reading) for reading in run().readings()]
    assert wire == [encode_reading(reading) for reading in run().readings()]
    assert wire != [encode_reading(reading) for reading in run(seed=8).readings()]
    assert wire != [encode_reading(reading) for reading in run(source="well-2").readings()]


def test_rows_do_not_depend_on_how_many_are_asked_for_nor_on_how_they_are_cut(day: Telemetry) -> None:
    at = 0
    for count in (1, 1, 509, 3, 2048):
        part = run(START + at * TEN_SECONDS, count)
        assert np.array_equal(part.values, day.values[at : at + count], equal_nan=True)
        at += count


def test_every_reading_passes_validation_and_is_written_without_binary_dust(day: Telemetry) -> None:
    for reading in list(day.readings())[::97]:
        wire = encode_reading(reading)
        now = reading.timestamp
        assert parse_reading(wire, source="well-1", registry=REGISTRY, now=now) == reading
        assert max(len(repr(value)) for value in reading.values.values()) <= 9


def test_quiet_telemetry_stays_six_noises_inside_its_limits(day: Telemetry) -> None:
    behaviours = behaviour_of(REGISTRY)
    for tag in REGISTRY.tags.values():
        values, margin = column(day, tag.name), 6 * behaviours[tag.name].noise
        assert tag.limits.low is None or np.nanmin(values) >= tag.limits.low + margin, tag.name
        assert tag.limits.high is None or np.nanmax(values) <= tag.limits.high - margin, tag.name


def test_noise_has_the_size_that_faults_count_in(day: Telemetry) -> None:
    for name, behaviour in behaviour_of(REGISTRY).items():
        if REGISTRY.tags[name].cadence_s == 10.0:
            expected = behaviour.noise * (1 + behaviour.cycle**2 / 2) ** 0.5
            assert np.nanstd(column(day, name)) == pytest.approx(expected, rel=0.15), name


def test_noise_has_light_tails_and_a_short_memory(day: Telemetry) -> None:
    pressure = column(day, "INJECTION_PRESSURE")
    z = (pressure - pressure.mean()) / pressure.std()
    assert np.abs(z).max() < 5 and np.mean(z**4) < 3.5
    assert abs(np.corrcoef(z[:-60], z[60:])[0, 1]) < 0.1


def test_a_later_run_with_another_seed_goes_on_at_the_same_levels() -> None:
    before, after = run(count=720), run(START + 720 * TEN_SECONDS, 720, seed=99)
    for name, behaviour in behaviour_of(REGISTRY).items():
        if REGISTRY.tags[name].cadence_s == 10.0:
            jump = np.nanmean(column(after, name)) - np.nanmean(column(before, name))
            # Two hours of the steepest cycle, and the spread of an hour's mean.
            assert abs(jump) < (0.55 * abs(behaviour.cycle) + 1.0) * behaviour.noise, name


def test_the_ratio_is_water_by_co2_and_supplies_add_up(day: Telemetry) -> None:
    ratio = column(day, "WATER_FLOW_RATE") / column(day, "CO2_FLOW_RATE")
    assert np.abs(column(day, "WATER_TO_CO2_RATIO") - ratio).max() <= 0.0005 + 1e-9
    supplies = column(day, "WATER_SUPPLY_A_FLOW_RATE") + column(day, "WATER_SUPPLY_B_FLOW_RATE")
    assert np.abs(column(day, "WATER_FLOW_RATE") - supplies).max() < 1e-6
    gas = column(day, "CO2_FLOW_RATE") + column(day, "H2S_FLOW_RATE")
    assert np.abs(column(day, "GAS_CHARGE_FLOW_RATE") - gas).max() <= 0.005 + 1e-9


def test_what_hangs_together_moves_together_and_downhole_follows_later(day: Telemetry) -> None:
    def correlation(a: str, b: str, lag: int = 0) -> float:
        x, y = column(day, a), column(day, b)
        return float(np.corrcoef(x[: len(x) - lag], y[lag:])[0, 1])

    assert correlation("INJECTION_PUMP_SPEED", "WATER_FLOW_RATE") > 0.8
    assert correlation("INJECTION_PUMP_SPEED", "INJECTION_PRESSURE") > 0.8
    assert correlation("INJECTION_PUMP_SPEED", "INJECTION_PUMP_SUCTION_PRESSURE") < -0.7
    late = [correlation("INJECTION_PRESSURE", "HASA-4_DOWNHOLE_PRESSURE", lag) for lag in range(6)]
    assert int(np.argmax(late)) == 3


def test_the_day_has_a_cycle_in_absolute_time(day: Telemetry) -> None:
    hours = (day.times_ms // 3_600_000) % 24
    ambient = column(day, "AMBIENT_TEMPERATURE")
    assert ambient[hours == 17].mean() - ambient[hours == 5].mean() > 1.5


def test_hourly_tags_hold_for_the_hour_and_change_with_it(day: Telemetry) -> None:
    values, hours = column(day, "CO2_PURITY"), day.times_ms // 3_600_000
    assert all(len(set(values[hours == hour].tolist())) == 1 for hour in set(hours.tolist()))
    assert len(set(values.tolist())) >= 23
    assert column(run(count=3), "CO2_PURITY")[0] == column(run(count=3, seed=7), "CO2_PURITY")[2]


def test_fast_tags_change_with_almost_every_reading(day: Telemetry) -> None:
    for tag in REGISTRY.tags.values():
        if tag.cadence_s == 10.0:
            values = column(day, tag.name)
            still = np.diff(values) == 0
            runs = np.diff(np.flatnonzero(~still))
            assert runs.max() <= 5, tag.name


def test_intermittent_tags_come_and_go_for_whole_stretches_and_core_tags_never(day: Telemetry) -> None:
    missing = {tag for tag in day.tags if np.isnan(column(day, tag)).any()}
    assert missing == {tag.name for tag in REGISTRY.tags.values() if tag.intermittent}
    assert not missing & set(REGISTRY.core)
    for tag in missing:
        gone = np.isnan(column(day, tag))
        assert 0.02 < gone.mean() < 0.6
        assert np.diff(np.flatnonzero(np.diff(gone.astype(int)))).min() >= 179


def test_other_plants_are_simulated_within_their_limits_and_identities() -> None:
    own = parse_registry(
        {
            "cadence_s": 1.0,
            "tags": {
                "A": {"limits": {"low": 1.0, "high": 3.0}},
                "B": {"limits": {"high": 5e-7}},
                "C": {"limits": {"low_low": -10}},
                "D": {},
                "HOURLY": {"cadence_s": 3600.0},
                "SUM": {},
            },
            "identities": [{"tag": "SUM", "kind": "sum", "operands": ["A", "D"], "tolerance": 0.01}],
        }
    )
    telemetry = simulate(own, seed=1, start=START, count=2000, interval_s=1.0)
    assert not np.isnan(telemetry.values).any()
    assert 1 < column(telemetry, "A").min() < column(telemetry, "A").max() < 3
    assert len(set(column(telemetry, "B").tolist())) > 20 and column(telemetry, "B").max() < 5e-7
    assert column(telemetry, "C").min() > -10
    total = column(telemetry, "A") + column(telemetry, "D")
    assert np.abs(column(telemetry, "SUM") - total).max() < 0.1


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"count": -1}, "count"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"interval_s": 0.0}, "rate"),
        ({"interval_s": 0.0005}, "rate"),
        ({"source": "Well"}, "source"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        run(**options)
    assert refused.value.field == field


def test_no_rows_are_no_trouble() -> None:
    assert len(run(count=0)) == 0 and list(run(count=0).readings()) == []
