"""How the alarms behave, by the measures of ISA-18.2 and EEMUA 191, an episode being an alarm."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anomalyctl.operations.anomalies.listing import AnomalyRow
from anomalyctl.operations.report.day import Span
from anomalyctl.telemetry.times import parse_time

ACCEPTABLE_AN_HOUR: Final = 6.0
"""ISA-18.2: about six alarms an hour can be handled by one operator."""
FLOOD: Final = 10
"""More alarms than this in ten minutes are a flood."""
CHATTERS: Final = 3
"""As many episodes of one tag within an hour."""
STANDING: Final = timedelta(hours=24)
_TEN_MINUTES: Final = timedelta(minutes=10)
_HOUR: Final = timedelta(hours=1)
_WORST: Final = 5


@dataclass(frozen=True, slots=True)
class BadActor:
    """A tag and how many of the episodes it leads."""

    tag: str
    episodes: int
    share: float


@dataclass(frozen=True, slots=True)
class AlarmHealth:
    """The measures over one span."""

    new: int
    an_hour: float
    most_in_ten_minutes: int
    flood: bool
    standing: tuple[str, ...]
    """Episodes that have been open for more than a day."""
    chattering: tuple[str, ...]
    """Tags that led three episodes or more within an hour."""
    worst: tuple[BadActor, ...]
    by_severity: dict[str, int]
    unassigned: tuple[str, ...]
    """Critical and high ones that nobody has taken."""
    resolved: int
    median_to_resolve_s: float | None


def alarm_health(rows: Sequence[AnomalyRow], span: Span, *, now: datetime) -> AlarmHealth:
    """From all episodes seen in the span: those that began in it count as new."""
    new = [row for row in rows if span.start <= parse_time(row.detected_at) < span.end]
    began = sorted(parse_time(row.detected_at) for row in new)
    most = _most_within(began, _TEN_MINUTES)
    leading = Counter(row.tags[0] for row in new if row.tags)
    still_open = [row for row in rows if row.status == "open"]
    took = sorted(
        (parse_time(row.resolved_at) - parse_time(row.detected_at)).total_seconds()
        for row in rows
        if row.resolved_at and span.start <= parse_time(row.resolved_at) < span.end
    )
    return AlarmHealth(
        new=len(new),
        an_hour=len(new) / max(span.seconds / 3600, 1e-9),
        most_in_ten_minutes=most,
        flood=most > FLOOD,
        standing=tuple(row.anomaly_id for row in still_open if now - parse_time(row.detected_at) > STANDING),
        chattering=tuple(sorted(_chattering(new))),
        worst=tuple(
            BadActor(tag, count, count / len(new)) for tag, count in leading.most_common(_WORST) if count > 1
        ),
        by_severity=dict(Counter(row.severity_level for row in new)),
        unassigned=tuple(
            row.anomaly_id
            for row in still_open
            if row.severity_level in ("critical", "high") and not row.assigned_to
        ),
        resolved=len(took),
        median_to_resolve_s=took[len(took) // 2] if took else None,
    )


def _chattering(rows: Sequence[AnomalyRow]) -> set[str]:
    began: dict[str, list[datetime]] = {}
    for row in rows:
        if row.tags:
            began.setdefault(row.tags[0], []).append(parse_time(row.detected_at))
    return {tag for tag, moments in began.items() if _most_within(sorted(moments), _HOUR) >= CHATTERS}


def _most_within(moments: Sequence[datetime], length: timedelta) -> int:
    """The most moments, sorted, in any window of that length."""
    return max((bisect_right(moments, one + length) - at for at, one in enumerate(moments)), default=0)
