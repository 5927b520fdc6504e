"""Functions of instants in ISO 8601. An argument that is no instant, or no part of one, gives `UNDEFINED`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from anomalyctl.local.cosmos.query.values import UNDEFINED

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTS = {
    "year": ("year", "yyyy", "yy"),
    "month": ("month", "mm", "m"),
    "day": ("day", "dd", "d"),
    "hour": ("hour", "hh"),
    "minute": ("minute", "mi", "n"),
    "second": ("second", "ss", "s"),
    "millisecond": ("millisecond", "ms"),
    "microsecond": ("microsecond", "mcs"),
}
_NAMES = {name: part for part, names in _PARTS.items() for name in names}
_LENGTHS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
    "microsecond": timedelta(microseconds=1),
}


def date_time_diff(part: Any, start: Any, end: Any) -> Any:
    """How many boundaries of the part lie between: from 23:59 to 00:01 it is one day."""
    name, first, last = _part(part), _instant(start), _instant(end)
    if name is None or first is None or last is None:
        return UNDEFINED
    if name == "year":
        return last.year - first.year
    if name == "month":
        return (last.year - first.year) * 12 + last.month - first.month
    return (last - _EPOCH) // _LENGTHS[name] - (first - _EPOCH) // _LENGTHS[name]


def date_time_add(part: Any, count: Any, instant: Any) -> Any:
    """The instant moved by that many parts of at most a day."""
    name, moment = _part(part), _instant(instant)
    if name not in _LENGTHS or moment is None or not isinstance(count, int) or isinstance(count, bool):
        return UNDEFINED
    return _text(moment + _LENGTHS[name] * count)


def date_time_part(part: Any, instant: Any) -> Any:
    """The part as a number."""
    name, moment = _part(part), _instant(instant)
    if name is None or moment is None:
        return UNDEFINED
    return moment.microsecond // 1000 if name == "millisecond" else getattr(moment, name)


def to_timestamp(instant: Any) -> Any:
    """Milliseconds since 1970."""
    moment = _instant(instant)
    return UNDEFINED if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)


def from_timestamp(milliseconds: Any) -> Any:
    """The inverse of `to_timestamp`."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return UNDEFINED
    return _text(_EPOCH + timedelta(milliseconds=milliseconds))


def _part(name: Any) -> str | None:
    return _NAMES.get(name.lower()) if isinstance(name, str) else None


def _instant(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
