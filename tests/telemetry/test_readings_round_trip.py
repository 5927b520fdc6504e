"""Readings there and back, and what a refusal names: for any values, any key, any fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.errors import ReadingRefused
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.validation import LARGEST_VALUE, encode_reading, parse_reading

REGISTRY = built_in_registry()
NOW = datetime(2026, 6, 1, tzinfo=UTC)
BOUNDED = settings(max_examples=100, derandomize=True, database=None, deadline=None)

numbers = st.floats(-LARGEST_VALUE, LARGEST_VALUE)
keys = st.text(min_size=1, max_size=60).filter(str.isprintable).filter(lambda key: key != "timestamp")
instants = st.datetimes(datetime(1970, 1, 2), NOW.replace(tzinfo=None)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
extras = st.dictionaries(keys, numbers, max_size=8)
broken = st.one_of(
    st.none(), st.booleans(), st.text(max_size=5), st.just([1.0]), st.just({"x": 1.0}), st.just(1e16)
)


def values_with(extra: dict[str, float]) -> dict[str, float]:
    return dict.fromkeys(REGISTRY.core, 1.5) | extra


@BOUNDED
@given(instants, extras)
def test_a_reading_comes_back_as_it_was_sent(instant: datetime, extra: dict[str, float]) -> None:
    reading = Reading("well-1", instant, values_with(extra))
    parsed = parse_reading(encode_reading(reading), source="well-1", registry=REGISTRY, now=NOW)
    assert parsed == reading
    assert parsed.id == reading.id
    again = parse_reading(encode_reading(parsed), source="well-1", registry=REGISTRY, now=NOW)
    assert again == parsed


@BOUNDED
@given(extras, keys, broken)
def test_a_refusal_names_the_key_at_fault(extra: dict[str, float], key: str, value: Any) -> None:
    payload = orjson.dumps({"timestamp": "2026-05-01T00:00:00Z", **values_with(extra), key: value})
    with pytest.raises(ReadingRefused) as refused:
        parse_reading(payload, source="well-1", registry=REGISTRY, now=NOW)
    assert refused.value.field == key
    assert "\n" not in refused.value.message


@BOUNDED
@given(extras, st.sampled_from(REGISTRY.core))
def test_a_missing_core_tag_is_named(extra: dict[str, float], missing: str) -> None:
    values = {key: value for key, value in values_with(extra).items() if key != missing}
    with pytest.raises(ReadingRefused) as refused:
        parse_reading(
            encode_reading(Reading("well-1", NOW, values)), source="well-1", registry=REGISTRY, now=NOW
        )
    assert refused.value.field == missing


@BOUNDED
@given(st.timedeltas(timedelta(seconds=61), timedelta(days=4000)))
def test_a_time_that_lies_ahead_is_named(ahead: timedelta) -> None:
    reading = Reading("well-1", NOW + ahead, values_with({}))
    with pytest.raises(ReadingRefused) as refused:
        parse_reading(encode_reading(reading), source="well-1", registry=REGISTRY, now=NOW)
    assert refused.value.field == "timestamp"
