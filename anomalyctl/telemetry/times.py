"""Instants, as the wire writes them: UTC, microseconds, a Z at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def format_time(instant: datetime) -> str:
    """`2025-08-26T10:40:29.652000Z`: the specification's form, always with six decimals."""
    # A third of the time of strftime, and four digits for the year 999 as well.
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 instant; one without an offset is UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def epoch_ms(instant: datetime) -> int:
    """Whole milliseconds since 1970-01-01 UTC, rounded down."""
    return (instant - _EPOCH) // _MILLISECOND


def from_epoch_ms(milliseconds: int) -> datetime:
    """The inverse of `epoch_ms`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
