"""The sentences of a report that terminal, Markdown and HTML share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from anomalyctl.operations.report.alarm_health import ACCEPTABLE_AN_HOUR, FLOOD
from anomalyctl.operations.report.judging import lasting

if TYPE_CHECKING:
    from anomalyctl.operations.report.alarm_health import AlarmHealth
    from anomalyctl.operations.report.day_report import DayReport
    from anomalyctl.operations.report.judging import Judging
    from anomalyctl.operations.report.trends import TagTrend

MOST_EPISODES: Final = 100
"""A report is read by people; the JSON has them all."""


def judging_line(one: Judging) -> str:
    """What became of one source's readings."""
    more = [
        f"{count:,} {word}"
        for count, word in (
            (one.anomalous, "anomalous"),
            (one.late, "late"),
            (one.warming_up, "without a model"),
            (one.half_judged, "without one of the methods"),
        )
        if count
    ]
    if one.longest_silence_s:
        more.append(f"longest silence {lasting(one.longest_silence_s)}")
    text = f"{one.source}: {one.judged:,} judged of about {one.expected:,}"
    return f"{text} ({', '.join(more)})" if more else text


def health_lines(health: AlarmHealth) -> list[str]:
    """The measures, each against what is acceptable."""
    lines = [
        f"{health.new} new, {health.an_hour:.2f} an hour (up to {ACCEPTABLE_AN_HOUR:g} can be handled)",
        f"At most {health.most_in_ten_minutes} within ten minutes"
        + (" – a flood" if health.flood else f" (a flood is more than {FLOOD})"),
    ]
    if health.by_severity:
        lines.append(", ".join(f"{count} {severity}" for severity, count in health.by_severity.items()))
    if health.worst:
        lines.append(
            "Led by " + ", ".join(f"{one.tag} ({one.episodes}, {one.share:.0%})" for one in health.worst)
        )
    if health.chattering:
        lines.append(f"Chattering: {', '.join(health.chattering)}")
    if health.standing:
        lines.append(f"{len(health.standing)} open for more than a day")
    if health.resolved:
        took = f", half of them within {lasting(health.median_to_resolve_s or 0.0)}"
        lines.append(f"{health.resolved} resolved{took}")
    return lines


def summary_note(report: DayReport) -> str:
    """Why arithmetic wrote the summary though a language model is configured; else empty."""
    return f"Written by arithmetic. {report.summary_note}" if report.summary_note else ""


def more_episodes(report: DayReport) -> str:
    """What a page leaves out; empty where it shows all."""
    left_out = len(report.anomalies) - MOST_EPISODES
    if left_out <= 0:
        return ""
    return (
        f"{left_out:,} more, less grave or later: anomalyctl anomalies list --status all, or --output json."
    )


def level(value: float | None, unit: str = "") -> str:
    """A value to four figures, with its unit."""
    return "–" if value is None else f"{value:,.4g} {unit}".strip()


def slope(trend: TagTrend) -> str:
    """Units a day, and what it leads to."""
    if trend.slope_a_day is None:
        return "–"
    ahead = f", {trend.reaches} in {trend.reaches_in_days:.1f} d" if trend.reaches_in_days is not None else ""
    return f"{trend.slope_a_day:+.3g}{ahead}"
