"""Durations and instants as people type them: `10s`, `1h30m`, `now-24h`, `2025-08-26T10:40:29Z`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.times import parse_time

_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = r"\d+(?:\.\d+)?(?:ms|[smhdw])"
_DURATION = re.compile(rf"(?:{_PART})+", re.ASCII)
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])", re.ASCII)
_RELATIVE = re.compile(r"now(?:([+-])(.+))?", re.ASCII)
_LONGEST = timedelta(days=36_500)


def parse_duration(text: str, *, field: str = "duration") -> timedelta:
    """Read `10s`, `5m`, `24h`, `1h30m`, `500ms`, `7d` or `2w`, to the millisecond.

    Raises InvalidInput, naming `field`, for anything else, a bare number included.

    >>> parse_duration("1h30m")
    datetime.timedelta(seconds=5400)
    """
    cleaned = text.strip().lower()
    if len(cleaned) > 40 or not _DURATION.fullmatch(cleaned):
        raise InvalidInput(
            f"{field}: {text[:40]!r} is not a duration",
            field=field,
            hint="Write a number with its unit, such as 10s, 5m, 24h, 7d or 1h30m.",
        )
    milliseconds = sum(float(number) * _MILLISECONDS[unit] for number, unit in _PARTS.findall(cleaned))
    if milliseconds > _LONGEST / timedelta(milliseconds=1):
        raise InvalidInput(
            f"{field}: {text!r} is longer than a century", field=field, hint="Choose a shorter duration."
        )
    return timedelta(milliseconds=round(milliseconds))


def parse_instant(text: str, now: datetime, *, field: str = "time") -> datetime:
    """Read `now`, `now-24h`, `now+5m` or an ISO 8601 instant; one without an offset is UTC.

    Raises InvalidInput, naming `field`.
    """
    cleaned = text.strip()
    try:
        relative = _RELATIVE.fullmatch(cleaned.lower())
        if relative is None:
            return parse_time(cleaned)
        sign, span = relative.groups()
        if span is None:
            return now
        duration = parse_duration(span, field=field)
        return now - duration if sign == "-" else now + duration
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{field}: {text[:60]!r} is not an instant",
            field=field,
            hint="Write now-24h, or ISO 8601 such as 2025-08-26T10:40:29Z.",
        ) from None


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: `1h30m`, `10s`, `0s`."""
    left = round(duration / timedelta(milliseconds=1))
    if left <= 0:
        return "0s"
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, left = divmod(left, _MILLISECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
