"""Which time a replay covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anomalyctl.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` (included) to `end` (not included), in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InvalidInput(
                "The span is empty: it ends before it starts.", field="--to", hint="swap --from and --to"
            )


def span_of(start: datetime | None, end: datetime | None, last: timedelta | None, now: datetime) -> Span:
    """The span that was asked for: `last` up to now, or `start` to `end` (now unless told)."""
    if last is not None and (start is not None or end is not None):
        raise InvalidInput("--last goes without --from and --to.", field="--last")
    if last is not None and last <= timedelta(0):
        raise InvalidInput("--last must be longer than nothing.", field="--last", hint="Such as --last 1h.")
    if last is not None:
        return Span(now - last, now + timedelta(minutes=1))
    if start is None:
        raise InvalidInput("Say which span: --last 1h, or --from and --to.", field="--from")
    return Span(start.astimezone(UTC), (end or now + timedelta(minutes=1)).astimezone(UTC))
