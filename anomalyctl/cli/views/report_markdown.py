"""A day's report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from anomalyctl.cli.views.markdown import code, plain
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
    from anomalyctl.operations.report.day_report import DayReport


def report_markdown(report: DayReport) -> str:
    """Headings, lists and tables; nothing that a reading or an operator wrote is markup in it."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: DayReport) -> Iterator[str]:
    yield f"# {plain(report.environment)}: {plain(report.day)}"
    yield ""
    yield plain(report.summary)
    if note := summary_note(report):
        yield from ("", plain(note))
    if report.recommendations:
        yield from ("", "## What to do", "")
        for one in report.recommendations:
            yield f"- {plain(one.text)} `{code(one.command)}`"
    yield from ("", "## Readings", "")
    for judged in report.judging:
        yield f"- {plain(judging_line(judged))}"
    if report.dead_letters:
        letters = ", ".join(f"{count} {kind}" for kind, count in report.dead_letters.items())
        yield f"- Dead letters: {plain(letters)}"
    if report.anomalies:
        yield from ("", "## Episodes", "")
        yield "| severity | status | began | tags | readings | episode |"
        yield "|---|---|---|---|---|---|"
        for row in report.anomalies[:MOST_EPISODES]:
            tags = ", ".join(f"`{code(tag)}`" for tag in row.tags[:3])
            yield (
                f"| {row.severity_level} | {row.status} | {row.detected_at[:19]}Z | {tags} "
                f"| {row.occurrences} | `{code(row.anomaly_id)}` |"
            )
        if more := more_episodes(report):
            yield from ("", plain(more))
    yield from ("", "## Alarm health", "")
    for line in health_lines(report.alarm_health):
        yield f"- {plain(line)}"
    for source, trends in report.trends.items():
        yield from ("", f"## Trends of {plain(source)}", "")
        yield "| tag | | mean | smallest | largest | a day | past limits |"
        yield "|---|---|---:|---:|---:|---:|---:|"
        for trend in trends:
            yield (
                f"| `{code(trend.tag)}` | `{bars(trend.parts)}` | {plain(level(trend.mean, trend.unit))} "
                f"| {level(trend.smallest)} | {level(trend.largest)} | {slope(trend)} "
                f"| {trend.outside_limits:.1%} |"
            )
