"""The report of a day: one pass over the verdicts, the episodes, and what follows from both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from anomalyctl.errors import AnomalyctlError, NotFound
from anomalyctl.operations.anomalies.listing import AnomalyRow, Filter, list_anomalies
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.report.alarm_health import AlarmHealth, alarm_health
from anomalyctl.operations.report.day import Span
from anomalyctl.operations.report.judging import Judging, collect
from anomalyctl.operations.report.recommendations import Recommendation, recommendations
from anomalyctl.operations.report.trends import TagTrend, tag_trend
from anomalyctl.telemetry.times import format_time

WriteSummary = Callable[[Mapping[str, Any]], str]
"""From the figures to a few sentences. Raises AnomalyctlError where nobody can write them now."""
SILENT_SINCE: Final = timedelta(days=7)
"""A source that was judged so long before the span and not in it has fallen silent: that is news."""


@dataclass(frozen=True, slots=True)
class DayReport:
    """All that a day has to tell."""

    environment: str
    day: str
    start: str
    end: str
    summary: str
    summary_by: str
    """`arithmetic`, or `language model`."""
    summary_note: str
    """Why the language model that is configured did not write it; empty where it did, or there is none."""
    judging: tuple[Judging, ...]
    dead_letters: dict[str, int]
    """By kind."""
    anomalies: tuple[AnomalyRow, ...]
    """Seen in the span, the gravest first."""
    trends: dict[str, tuple[TagTrend, ...]]
    """By source."""
    alarm_health: AlarmHealth
    recommendations: tuple[Recommendation, ...]


_GRAVITY = ("critical", "high", "medium", "low")


def report_day(
    connections: Connections,
    span: Span,
    *,
    now: datetime,
    source: str = "",
    write_summary: WriteSummary | None = None,
    progress: Progress = SILENCE,
) -> DayReport:
    """The report of a span, over one source or all; a source that fell silent in the week before is told too.

    Raises NotFound where nothing was judged in it nor in that week.
    """
    store = connections.anomalies
    sources = sorted(store.sources(span.start - SILENT_SINCE, span.end))
    if source:
        sources = [one for one in sources if one == source]
    if not sources:
        who = f" of {source}" if source else ""
        raise NotFound(
            f"No reading{who} was judged in {span.name}, nor in the week before.",
            hint="Choose another --day, or --source.",
        )
    judging, trends = [], {}
    for one in sources:
        progress.step(f"Reading the verdicts of {one}")
        registry = connections.readings.load_registry(one)
        verdicts = store.verdict_heads(one, span.start, span.end)
        held = collect(one, verdicts, registry, start=span.start)
        judging.append(held.judging(span.seconds))
        trends[one] = tuple(
            tag_trend(registry.tag(tag), held.seconds, values, length_s=span.seconds)
            for tag, values in held.values.items()
        )
    rows = list_anomalies(store, Filter(status="all", since=span.start, source=source), now=now)
    rows = [row for row in rows if row.detected_at < format_time(span.end)]
    standing = list_anomalies(store, Filter(source=source), now=now)
    known = {row.anomaly_id for row in rows}
    older = [
        row for row in standing if row.anomaly_id not in known and row.detected_at < format_time(span.end)
    ]
    health = alarm_health([*rows, *older], span)
    letters = Counter(
        str(letter["kind"])
        for letter in store.dead_letters(span.start, span.end)
        if not source or letter.get("source") == source
    )
    report = DayReport(
        environment=connections.environment.name,
        day=span.name,
        start=format_time(span.start),
        end=format_time(span.end),
        summary="",
        summary_by="arithmetic",
        summary_note="",
        judging=tuple(judging),
        dead_letters=dict(letters),
        anomalies=tuple(sorted(rows, key=lambda row: (_gravity(row), row.detected_at))),
        trends=trends,
        alarm_health=health,
        recommendations=recommendations(judging, trends, health, letters, connections.environment.name),
    )
    written, note = "", ""
    if write_summary is not None:
        progress.step("Having the summary written")
        try:
            written = write_summary(figures_of(report))
            note = "" if written else "The language model wrote nothing."
        except AnomalyctlError as error:
            note = error.message
            progress.warn(f"Arithmetic writes the summary. {note} {error.hint}".strip())
    return replace(
        report,
        summary=written or plain_summary(report),
        summary_by="language model" if written else "arithmetic",
        summary_note=note,
    )


def figures_of(report: DayReport) -> dict[str, Any]:
    """What a writer of summaries is told: figures and tags, never notes that an operator wrote."""
    return {
        "day": report.day,
        "readings": [asdict(one) for one in report.judging],
        "dead_letters": report.dead_letters,
        "episodes": [
            {
                "severity": row.severity_level,
                "status": row.status,
                "tags": list(row.tags[:3]),
                "occurrences": row.occurrences,
            }
            for row in report.anomalies[:10]
        ],
        "alarm_health": asdict(report.alarm_health),
        "recommendations": [one.text for one in report.recommendations],
    }


def plain_summary(report: DayReport) -> str:
    """What a model would say, said by arithmetic."""
    judged = sum(one.judged for one in report.judging)
    expected = sum(one.expected for one in report.judging)
    health = report.alarm_health
    parts = [f"{judged:,} of about {expected:,} readings were judged."]
    if not report.anomalies:
        parts.append("No episode was seen.")
    else:
        open_now = sum(row.status == "open" for row in report.anomalies)
        worst = report.anomalies[0]
        parts.append(
            f"{len(report.anomalies)} episode{'s' * (len(report.anomalies) != 1)} seen, {health.new} new, "
            f"{open_now} open now; the gravest is {worst.severity_level} on {', '.join(worst.tags[:2])}."
        )
    if health.flood:
        parts.append(f"There was a flood: {health.most_in_ten_minutes} new ones within ten minutes.")
    if report.dead_letters:
        count = sum(report.dead_letters.values())
        parts.append(f"{count:,} {'reading has' if count == 1 else 'readings have'} no verdict.")
    return " ".join(parts)


def _gravity(row: AnomalyRow) -> int:
    return _GRAVITY.index(row.severity_level) if row.severity_level in _GRAVITY else len(_GRAVITY)
