"""A day's report as one HTML page that needs nothing from outside: for a mail, a printer or a wall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

from anomalyctl.cli.views.report_words import (
    MOST_EPISODES,
    health_lines,
    judging_line,
    level,
    more_episodes,
    slope,
    summary_note,
)

if TYPE_CHECKING:
    from anomalyctl.operations.report.day_report import DayReport

_WIDTH: Final = 160
_HEIGHT: Final = 28
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8884; }
code { font-size: .9em; }
.scroll { overflow-x: auto; }
polyline { fill: none; stroke: currentColor; stroke-width: 1.5; }
"""


def report_html(report: DayReport) -> str:
    """The page. No script, no style from outside, and every name in it escaped."""
    title = escape(f"{report.environment}: {report.day}")
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; """,
            """style-src 'unsafe-inline'">""",
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
            f"<p>{escape(report.summary)}</p>",
            f"<p><small>{escape(summary_note(report))}</small></p>" if report.summary_note else "",
            *_sections(report),
            "</body></html>\n",
        ]
    )


def _sections(report: DayReport) -> Iterator[str]:
    if report.recommendations:
        yield "<h2>What to do</h2>"
        yield _list(
            f"{escape(one.text)}<br><code>{escape(one.command)}</code>" for one in report.recommendations
        )
    yield "<h2>Readings</h2>"
    yield _list(escape(judging_line(one)) for one in report.judging)
    if report.anomalies:
        yield "<h2>Episodes</h2>"
        yield _table(
            ("severity", "status", "began", "tags", "readings", "episode"),
            (
                (
                    escape(row.severity_level),
                    escape(row.status),
                    f"<time>{escape(row.detected_at[:19])}Z</time>",
                    escape(", ".join(row.tags[:3])),
                    str(row.occurrences),
                    f"<code>{escape(row.anomaly_id)}</code>",
                )
                for row in report.anomalies[:MOST_EPISODES]
            ),
        )
        if more := more_episodes(report):
            yield f"<p>{escape(more)}</p>"
    yield "<h2>Alarm health</h2>"
    yield _list(map(escape, health_lines(report.alarm_health)))
    for source, trends in report.trends.items():
        yield f"<h2>Trends of {escape(source)}</h2>"
        yield _table(
            ("tag", "over the day", "mean", "smallest", "largest", "a day", "past limits"),
            (
                (
                    escape(one.tag),
                    _line(one.parts, one.tag),
                    escape(level(one.mean, one.unit)),
                    level(one.smallest),
                    level(one.largest),
                    escape(slope(one)),
                    f"{one.outside_limits:.1%}",
                )
                for one in trends
            ),
        )


def _list(items: Iterator[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _table(heads: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _line(points: Sequence[float | None], tag: str) -> str:
    held = [point for point in points if point is not None]
    if not held:
        return "–"
    low, height = min(held), (max(held) - min(held)) or 1.0
    step = _WIDTH / max(len(points) - 1, 1)
    drawn = " ".join(
        f"{at * step:.1f},{_HEIGHT - 2 - (point - low) / height * (_HEIGHT - 4):.1f}"
        for at, point in enumerate(points)
        if point is not None
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{escape(tag)} over the day">'
        f'<polyline points="{drawn}"/></svg>'
    )
