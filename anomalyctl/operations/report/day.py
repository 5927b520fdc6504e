"""Which span of time a report tells of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from anomalyctl.errors import InvalidInput

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` (included) to `end` (not included), in UTC."""

    name: str
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds()


def span_named(text: str | None, now: datetime) -> Span:
    """`today`, `yesterday`, a date, or the last 24 hours where nothing is said; a running day ends now.

    Raises InvalidInput, naming `--day`, also for a day that has not begun.
    """
    if text is None:
        return Span(f"24 hours to {now:%Y-%m-%d %H:%M} UTC", now - timedelta(hours=24), now)
    words = text.strip().lower()
    today = now.astimezone(UTC).date()
    known = {"today": today, "yesterday": today - timedelta(days=1)}
    day = known.get(words) or _parsed(words)
    start = datetime.combine(day, time(), UTC)
    if start > now:
        raise InvalidInput(f"{day} has not begun.", field="--day", hint="Choose an earlier day.")
    return Span(day.isoformat(), start, min(start + timedelta(days=1), now))


def _parsed(text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidInput(
        f"--day: {text[:40]!r} is no day.", field="--day", hint="Write today, yesterday or 2026-11-20."
    )
