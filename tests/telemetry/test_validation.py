import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.errors import ReadingRefused
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry, parse_registry
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.validation import check_source, encode_reading, parse_reading

NOW = datetime(2025, 8, 26, 10, 41, tzinfo=UTC)
REGISTRY = parse_registry({"tags": {"FLOW": {"core": True}, "PRESSURE": {"core": True}, "LEVEL": {}}})
NO_CORE = TagRegistry({})
GOOD = {"timestamp": "2025-08-26T10:40:29.652000Z", "FLOW": 40.0, "PRESSURE": 35}


def read(payload: Any, **options: Any) -> Reading:
    if isinstance(payload, dict):
        payload = json.dumps(payload)
    return parse_reading(payload, **{"source": "well-1", "registry": REGISTRY, "now": NOW, **options})


def refused_field(payload: Any, **options: Any) -> str:
    with pytest.raises(ReadingRefused) as refused:
        read(payload, **options)
    assert refused.value.exit_code == 64
    assert "\n" not in refused.value.message and refused.value.message.isprintable()
    assert len(refused.value.message) < 400 and refused.value.hint
    return refused.value.field


def test_a_good_reading_keeps_its_time_its_values_and_unknown_tags() -> None:
    reading = read({**GOOD, "NEW_TAG": 1e-3})
    assert reading.id == "well-1:1756204829652"
    assert reading.timestamp == datetime(2025, 8, 26, 10, 40, 29, 652_000, tzinfo=UTC)
    assert dict(reading.values) == {"FLOW": 40.0, "PRESSURE": 35.0, "NEW_TAG": 0.001}
    assert all(type(value) is float for value in reading.values.values())


def test_the_specifications_sample_names_what_it_lacks() -> None:
    sample = {
        "timestamp": "2025-08-26T10:40:29.652000Z",
        "CO2_FLOW_RATE": 40,
        "WATER_FLOW_RATE": 2,
        "LIQUID_TRACER_FLOW_RATE": 0.5,
        "INJECTION_PRESSURE": 35,
        "HASA-4_TUBING_PRESSURE": 35,
        "WATER_TO_CO2_RATIO": 25,
    }
    assert refused_field(sample, registry=built_in_registry()) == "INJECTION_TEMPERATURE"
    assert read(sample, registry=built_in_registry(), require_core=False).values["WATER_FLOW_RATE"] == 2.0


@pytest.mark.parametrize(
    "value", ["true", "null", '"40"', "[]", "{}", "NaN", "Infinity", "-Infinity", "1e999"]
)
def test_a_value_that_is_no_finite_number_is_refused_with_its_tag(value: str) -> None:
    payload = '{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": ' + value + "}"
    assert refused_field(payload) == "PRESSURE"
    assert refused_field(payload.encode()) == "PRESSURE"


@pytest.mark.parametrize("value", ["1" * 400, "9" * 5_000, "-" + "9" * 30, "1e16"])
def test_a_huge_number_is_refused_and_nothing_crashes(value: str) -> None:
    assert refused_field('{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": ' + value + "}") in (
        "PRESSURE",
        "payload",
    )


@pytest.mark.parametrize("core", ["FLOW", "PRESSURE"])
def test_a_reading_without_a_core_tag_is_refused_with_the_field_named(core: str) -> None:
    payload = {key: value for key, value in GOOD.items() if key != core}
    assert refused_field(payload) == core
    assert core not in read(payload, require_core=False).values
    assert core not in read(payload, registry=NO_CORE).values


@pytest.mark.parametrize(
    "timestamp",
    [
        None, 1756204829, "", "now", "2025-08-26", "2025-W35-2", "2025-08-26T25:00:00Z",
        "2025-08-26T10:40:29.652Zjunk",
        "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", ["2025-08-26T10:40:29Z"], True,
    ],
)  # fmt: skip
def test_a_bad_time_is_refused(timestamp: Any) -> None:
    assert refused_field({**GOOD, "timestamp": timestamp}) == "timestamp"


def test_a_missing_time_is_refused() -> None:
    assert refused_field({"FLOW": 1, "PRESSURE": 2}) == "timestamp"


def test_sixty_seconds_ahead_are_forgiven_and_one_more_is_not() -> None:
    ahead = NOW + timedelta(seconds=60)
    assert read({**GOOD, "timestamp": ahead.isoformat()}).timestamp == ahead
    late = (ahead + timedelta(milliseconds=1)).isoformat()
    assert refused_field({**GOOD, "timestamp": late}) == "timestamp"


def test_times_are_utc_whatever_their_offset() -> None:
    for text in ("2025-08-26T12:40:29.652+02:00", "2025-08-26T10:40:29.652", "2025-08-26 10:40:29.652Z"):
        assert read({**GOOD, "timestamp": text}).id == "well-1:1756204829652"


def test_a_thousand_keys_pass_and_one_more_is_refused() -> None:
    most = {**GOOD, **{f"T{i}": i for i in range(997)}}
    assert len(read(most).values) == 999
    assert refused_field({**most, "ONE_MORE": 1}) == "payload"


def test_a_payload_over_256_kb_is_refused_before_it_is_parsed() -> None:
    assert refused_field(b"[" * (256 * 1024 + 1)) == "payload"
    assert refused_field("x" * 10_000_000) == "payload"


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"null", b"1", b'"text"', b"[]", b"{", b"{}", b'{"timestamp": "2025-08-26T10:40:29Z"}x',
        b"\xff\xfe{}",
        b"[" * 200_000, b'{"a":' * 40_000, b'{"FLOW": ' + b"[" * 100_000, "\ud800", b"\x00",
    ],
)  # fmt: skip
def test_what_is_no_flat_object_is_refused_as_a_whole(payload: bytes | str) -> None:
    assert refused_field(payload) in ("payload", "timestamp")


def test_a_time_alone_is_no_reading() -> None:
    assert refused_field({"timestamp": GOOD["timestamp"]}, registry=NO_CORE) == "payload"


@pytest.mark.parametrize(
    "payload",
    [
        '{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": 2, "FLOW": 3}',
        '{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": 2, "\\u0046LOW": 3}',
        '{"FLOW": 1, "PRESSURE": 2, "FLOW": "text", "timestamp": "2025-08-26T10:40:29Z"}',
    ],
)
def test_a_key_that_is_there_twice_is_refused(payload: str) -> None:
    assert refused_field(payload) == "FLOW"


def test_a_time_that_is_there_twice_is_refused() -> None:
    twice = (
        '{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": 2, "timestamp": "2020-01-01T00:00:00Z"}'
    )
    assert refused_field(twice) == "timestamp"


@pytest.mark.parametrize(
    "key", ['""', '"a\\nb"', '"\\u001b[31m"', '"\\ud800"', '"' + "k" * 201 + '"', '"\\u0000"']
)
def test_a_key_that_could_not_be_shown_is_refused(key: str) -> None:
    refused_field('{"timestamp": "2025-08-26T10:40:29Z", "FLOW": 1, "PRESSURE": 2, ' + key + ": 3}")


def test_keys_with_quotes_backslashes_and_other_scripts_are_kept() -> None:
    odd = {**GOOD, 'a"b': 1, "c\\d": 2, "Þrýstingur °C": 3}
    assert set(read(odd).values) == set(odd) - {"timestamp"}
    assert set(read(orjson.dumps(odd)).values) == set(odd) - {"timestamp"}


@pytest.mark.parametrize(
    "source", ["", "Well-1", "-well", "well_1", "w" * 64, "well 1", "wéll", "well-1\n", None, 7]
)
def test_a_bad_source_is_refused(source: Any) -> None:
    assert refused_field(GOOD, source=source) == "source"
    with pytest.raises(ReadingRefused):
        check_source(source)


def test_good_sources_pass() -> None:
    for name in ("w", "7", "well-1", "w" * 63, "a--b-"):
        assert check_source(name) == name


def test_what_is_encoded_is_read_back_and_begins_with_its_time() -> None:
    reading = read({**GOOD, "LEVEL": 0.1})
    wire = encode_reading(reading)
    assert wire == b'{"timestamp":"2025-08-26T10:40:29.652000Z","FLOW":40.0,"PRESSURE":35.0,"LEVEL":0.1}'
    assert read(wire) == reading


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200)
    | json_values.map(json.dumps)
    | st.dictionaries(st.text(max_size=5), json_values, max_size=5).map(
        lambda extra: json.dumps({**GOOD, **extra})
    )
)
def test_any_payload_is_either_a_reading_of_finite_numbers_or_refused(payload: bytes | str) -> None:
    try:
        reading = read(payload)
    except ReadingRefused as refusal:
        assert refusal.field
    else:
        assert read(encode_reading(reading)) == reading
