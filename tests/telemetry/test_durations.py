from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.durations import format_duration, parse_duration, parse_instant

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", timedelta(seconds=10)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(days=1)),
        ("1h30m", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("1.5h", timedelta(minutes=90)),
        (" 7D ", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("0s", timedelta(0)),
    ],
)
def test_durations_are_read_with_their_units(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "10", "s", "-5m", "5 m", "1h-30m", "1e3s", "١٠s", "9" * 39 + "s", "9" * 9 + "w", "5mo"]
)
def test_anything_else_is_refused_with_the_field_named(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_duration(text, field="--rate")
    assert refused.value.field == "--rate"


@given(st.integers(min_value=0, max_value=10**12).map(lambda ms: timedelta(milliseconds=ms)))
def test_what_is_written_is_read_back(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


def test_instants_are_relative_or_iso_and_utc_unless_told() -> None:
    assert parse_instant("now", NOW) == NOW
    assert parse_instant("now-24h", NOW) == NOW - timedelta(days=1)
    assert parse_instant("now+5m", NOW) == NOW + timedelta(minutes=5)
    assert parse_instant("2025-08-26T10:40:29Z", NOW) == datetime(2025, 8, 26, 10, 40, 29, tzinfo=UTC)
    assert parse_instant("2025-08-26 12:40+02:00", NOW) == datetime(2025, 8, 26, 10, 40, tzinfo=UTC)
    assert parse_instant("2025-08-26", NOW) == datetime(2025, 8, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "now-", "now-1", "2025-13-01", "0001-01-01T00:00+23:59", "now-90000w"]
)
def test_an_instant_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_instant(text, NOW)
