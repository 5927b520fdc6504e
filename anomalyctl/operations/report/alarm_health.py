"""How the alarms behave, by the measures of ISA-18.2 and EEMUA 191, an episode being an alarm.

Both measure what is announced to one operator: ANSI/ISA-18.2-2016, clause 16 (monitoring and assessment; IEC
62682 has the same figures), after EEMUA Publication 191. They ask for thirty days: one day is a sample.
"""

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
"""The average that is very likely to be acceptable: about 6 an hour (150 a day) for one operator."""
FLOOD: Final = 10
"""More alarms than this in ten minutes are a flood, which  At most 1 % of a month may be one."""
CHATTERS: Final = 3
"""As many episodes of one tag within an hour. The documents call chattering what comes and goes three times a
minute; here what comes back within ten minutes is one episode, so that an hour stands for the minute."""
STANDING: Final = timedelta(hours=24)
"""What is open for longer is stale: fewer than five such a day are to be there, each with a plan."""
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
    """Episodes that had been open for more than a day when the span ended."""
    chattering: tuple[str, ...]
    """Tags that led three episodes or more within an hour."""
    worst: tuple[BadActor, ...]
    by_severity: dict[str, int]
    unassigned: tuple[str, ...]
    """Critical and high ones that are open and that nobody has taken."""
    resolved: int
    median_to_resolve_s: float | None


def alarm_health(rows: Sequence[AnomalyRow], span: Span) -> AlarmHealth:
    """From all episodes seen in the span, or open at its end: those that began in it count as new.

    Rate: new / hours. Peak: the most that began in any window of ten minutes. Bad actors: the share of the
    new ones that a tag leads; by the documents ten alarms should not make more than 5 % of the load.
    """
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
        standing=tuple(row.anomaly_id for row in rows if _stood(row, span.end)),
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


def _stood(row: AnomalyRow, end: datetime) -> bool:
    open_then = row.status == "open" or (row.resolved_at is not None and parse_time(row.resolved_at) >= end)
    return open_then and end - parse_time(row.detected_at) > STANDING


def _chattering(rows: Sequence[AnomalyRow]) -> set[str]:
    began: dict[str, list[datetime]] = {}
    for row in rows:
        if row.tags:
            began.setdefault(row.tags[0], []).append(parse_time(row.detected_at))
    return {tag for tag, moments in began.items() if _most_within(sorted(moments), _HOUR) >= CHATTERS}


def _most_within(moments: Sequence[datetime], length: timedelta) -> int:
    """The most moments, sorted, in any window of that length."""
    return max((bisect_right(moments, one + length) - at for at, one in enumerate(moments)), default=0)
