"""A day's report in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.views.anomalies import anomalies_table
from anomalyctl.cli.views.report_words import (
    MOST_EPISODES,
    health_lines,
    judging_line,
    level,
    more_episodes,
    slope,
    summary_note,
)
from anomalyctl.cli.views.sparklines import bars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from anomalyctl.operations.report.day_report import DayReport
    from anomalyctl.operations.report.trends import TagTrend


def report_view(report: DayReport) -> RenderableType:
    """Summary, what to do, episodes, alarm health, trends."""
    parts: list[RenderableType] = [
        Text(f"{report.environment}, {report.day}", style="bold"),
        Text(report.summary),
    ]
    if note := summary_note(report):
        parts.append(Text(note, style="hint"))
    if report.recommendations:
        parts += [Text(), Text("What to do", style="bold")]
        for one in report.recommendations:
            parts.append(Text.assemble("• ", one.text, ("  " + one.command, "hint")))
    parts += [Text(), Text("Readings", style="bold"), *(Text(judging_line(one)) for one in report.judging)]
    if report.anomalies:
        shown = list(report.anomalies[:MOST_EPISODES])
        parts += [Text(), Text("Episodes", style="bold"), anomalies_table(shown)]
        if more := more_episodes(report):
            parts.append(Text(more, style="hint"))
    parts += [Text(), Text("Alarm health", style="bold"), *map(Text, health_lines(report.alarm_health))]
    for source, trends in report.trends.items():
        parts += [Text(), Text(f"Trends of {source}", style="bold"), _trends(trends)]
    return Group(*parts)


def _trends(trends: Sequence[TagTrend]) -> Table:
    table = Table("tag", "", "mean", "smallest", "largest", "a day", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for one in trends:
        table.add_row(
            escape(one.tag),
            bars(one.parts),
            level(one.mean, one.unit),
            level(one.smallest),
            level(one.largest),
            slope(one),
        )
    return table
