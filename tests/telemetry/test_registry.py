import json
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.process import behaviour_of
from anomalyctl.telemetry.registry import (
    built_in_registry,
    nearest_name,
    parse_registry,
    registry_to_mapping,
)

CORE = (
    "CO2_FLOW_RATE",
    "WATER_FLOW_RATE",
    "LIQUID_TRACER_FLOW_RATE",
    "INJECTION_PRESSURE",
    "HASA-4_TUBING_PRESSURE",
    "WATER_TO_CO2_RATIO",
    "INJECTION_TEMPERATURE",
    "HASA-4_ANNULUS_PRESSURE",
)
TAGS = built_in_registry().tags.values()


def test_there_are_100_tags_core_first_and_both_cadences() -> None:
    registry = built_in_registry()
    assert len(registry.tags) == 100
    assert registry.core == CORE == tuple(registry.tags)[:8]
    cadences = [tag.cadence_s for tag in TAGS]
    assert cadences.count(10.0) == 66 and cadences.count(3600.0) == 34


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: tag.name)
def test_a_tag_says_what_it_is_and_what_may_cause_its_alarms(tag: Any) -> None:
    assert tag.description and tag.unit and tag.group
    needed = {"Low", "High", "rate", "silence", "model"}
    if tag.core:
        needed |= {"Low-Low", "High-High", "identity"}
    assert needed <= set(tag.causes)
    assert all(cause.endswith(".") and len(cause) > 30 for cause in tag.causes.values())
    assert tag.limits.high is not None


@pytest.mark.parametrize("tag", TAGS, ids=lambda tag: tag.name)
def test_the_typical_level_lies_at_least_eight_noises_inside_the_limits(tag: Any) -> None:
    behaviour = behaviour_of(built_in_registry())[tag.name]
    margin = 8 * behaviour.noise
    for low in (tag.limits.low, tag.limits.low_low):
        assert low is None or behaviour.typical - low >= margin
    for high in (tag.limits.high, tag.limits.high_high):
        assert high is None or high - behaviour.typical >= margin
    assert 0 < tag.dead_band <= 3 * behaviour.noise


def test_the_specifications_sample_has_the_alarms_that_it_shows() -> None:
    tags = built_in_registry().tags
    for name, usual in (("CO2_FLOW_RATE", 40), ("LIQUID_TRACER_FLOW_RATE", 0.5), ("INJECTION_PRESSURE", 35),
                        ("HASA-4_TUBING_PRESSURE", 35), ("WATER_TO_CO2_RATIO", 25)):  # fmt: skip
        limits = tags[name].limits
        assert limits.low is not None and limits.high is not None and limits.low < usual < limits.high
    high_high = tags["INJECTION_PRESSURE"].limits.high_high
    assert high_high is not None and high_high < 55


def test_a_registry_survives_json_and_back() -> None:
    registry = built_in_registry()
    assert parse_registry(json.loads(json.dumps(registry_to_mapping(registry)))) == registry
    own = parse_registry(
        {"cadence_s": 1, "tags": {"A B": {"unit": "°C", "intermittent": True}, "C": {"cadence_s": 60}}}
    )
    assert parse_registry(registry_to_mapping(own)) == own
    assert own.tags["A B"].cadence_s == 1.0 and own.tag("unknown").cadence_s == 1.0


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({}, "tags"),
        ([], "registry"),
        ({"tags": {}}, "tags"),
        ({"tags": {"A": 1}}, "tags.A"),
        ({"tags": {"": {}}}, "tags"),
        ({"tags": {"timestamp": {}}}, "tags.timestamp"),
        ({"tags": {"A": {}}, "cadance_s": 1}, "cadance_s"),
        ({"tags": {"A": {}}, "cadence_s": 0}, "cadence_s"),
        ({"tags": {"A": {"limit": {}}}}, "tags.A.limit"),
        ({"tags": {"A": {"core": "yes"}}}, "tags.A.core"),
        ({"tags": {"A": {"unit": 1}}}, "tags.A.unit"),
        ({"tags": {"A": {"dead_band": -1}}}, "tags.A.dead_band"),
        ({"tags": {"A": {"on_delay_s": True}}}, "tags.A.on_delay_s"),
        ({"tags": {"A": {"on_delay_s": float("nan")}}}, "tags.A.on_delay_s"),
        ({"tags": {"A": {"off_delay_s": 10**400}}}, "tags.A.off_delay_s"),
        ({"tags": {"A": {"limits": {"low": 5, "high": 5}}}}, "tags.A.limits.high"),
        ({"tags": {"A": {"limits": {"low_low": 5, "high_high": 4}}}}, "tags.A.limits.high_high"),
        ({"tags": {"A": {"limits": {"hi": 5}}}}, "tags.A.limits.hi"),
        ({"tags": {"A": {"limits": {"low": 1, "high": 2}, "dead_band": 0.5}}}, "tags.A.dead_band"),
        ({"tags": {"A": {"causes": {"high": "No."}}}}, "tags.A.causes.high"),
        ({"tags": {"A": {"causes": {"High": ""}}}}, "tags.A.causes.High"),
        ({"tags": {"A": {}}, "identities": {}}, "identities"),
        ({"tags": {"A": {}}, "identities": [{"tag": "A", "kind": "product"}]}, "identities.0.kind"),
        (
            {"tags": {"A": {}}, "identities": [{"tag": "A", "kind": "sum", "operands": ["A"]}]},
            "identities.0.operands",
        ),
        (
            {"tags": {"A": {}, "B": {}}, "identities": [{"tag": "A", "kind": "sum", "operands": ["B", "C"]}]},
            "identities.0.operands",
        ),
        (
            {"tags": {"A": {}, "B": {}}, "identities": [{"tag": "A", "kind": "sum", "operands": ["A", "B"]}]},
            "identities.0.operands",
        ),
    ],
)  # fmt: skip
def test_a_registry_that_is_wrong_is_refused_with_the_path_of_the_key(mapping: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_registry(mapping)
    assert refused.value.field == field


def test_the_nearest_name_is_found_by_likeness_then_by_beginning() -> None:
    names = built_in_registry().tags
    assert nearest_name("INJECTION_PRESURE", names) == "INJECTION_PRESSURE"
    assert nearest_name("injection_pressure", names) == "INJECTION_PRESSURE"
    assert nearest_name("CO2", names) == "CO2_FLOW_RATE"
    assert nearest_name("zzz", names) is None
