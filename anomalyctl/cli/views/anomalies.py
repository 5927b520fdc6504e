"""Anomalies for people: a list, one in full, what became of an action, a line of `watch`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from anomalyctl.operations.anomalies.acting import ActionReport
    from anomalyctl.operations.anomalies.listing import AnomalyRow
    from anomalyctl.operations.anomalies.showing import AnomalyDetails, MethodVerdict
    from anomalyctl.operations.anomalies.watching import WatchEvent

_TAGS_SHOWN = 1
_TAGS_IN_FULL = 6


def anomalies_table(rows: Sequence[AnomalyRow]) -> RenderableType:
    """One row an episode."""
    if not rows:
        return Text("No anomalies.")
    table = Table(box=None, pad_edge=False, caption="Times are UTC.", caption_justify="left")
    # Only these two give way on a narrow terminal: the others are copied, or make no sense cut.
    giving_way: dict[str, Any] = {"overflow": "ellipsis", "min_width": 8}
    table.add_column("id", no_wrap=True, min_width=max(len(row.anomaly_id) for row in rows))
    table.add_column("detected", no_wrap=True, min_width=14)
    table.add_column("severity", no_wrap=True, min_width=8)
    table.add_column("tags", **giving_way)
    table.add_column("seen", justify="right", no_wrap=True, min_width=4)
    table.add_column("state", **giving_way)
    for row in rows:
        table.add_row(
            escape(row.anomaly_id),
            moment(row.detected_at)[5:],
            _severity(row.severity_level),
            escape(_tags(row.tags)),
            f"{row.occurrences}×",
            _state(row),
        )
    return table


def anomaly_document(details: AnomalyDetails) -> RenderableType:
    """What it is, why, what each method said, what happened, what to do next."""
    row = details.anomaly
    parts: list[RenderableType] = [
        f"{_severity(row.severity_level)}  [bold]{escape(row.anomaly_id)}[/bold]  {_status(row)}",
        _facts(details),
    ]
    if details.contexts:
        parts += ["\n[bold]Why[/bold]", _contexts(details)]
    if details.methods:
        parts.append("\n[bold]The three methods[/bold], on the reading that opened it")
        parts += [Padding(_method(method), (0, 0, 0, 2), expand=False) for method in details.methods]
    else:
        parts.append("\n[dim]The verdict on its first reading is no longer kept.[/dim]")
    parts += ["\n[bold]Timeline[/bold]", _timeline(details)]
    if details.trace_id:
        parts.append(f"[hint]How it was judged: anomalyctl logs --trace {details.trace_id}[/hint]")
    parts.append(
        f"\n[hint]Next: anomalyctl anomalies {'|'.join(details.actions)} {escape(row.anomaly_id)}[/hint]"
    )
    return Group(*parts)


def action_report(report: ActionReport) -> RenderableType:
    """One line a result."""
    if not report.results:
        return Text("No anomalies.")
    table = Table(box=None, pad_edge=False, show_header=False)
    for result in report.results:
        if report.dry_run:
            sign, words = "[dim](-) Skipped[/dim]", f"{result.status}, a dry run"
        elif result.ok:
            sign = "[good](✓) Done[/good]" if result.changed else "[dim](-) Skipped[/dim]"
            owner = f", assigned to {escape(result.assigned_to)}" if result.assigned_to else ""
            words = f"{result.status}{owner}" if result.changed else f"was {report.action}d like this already"
        else:
            sign, words = "[bad](x) Failed[/bad]", escape(result.message)
        table.add_row(sign, escape(result.anomaly_id), words)
    return table


def watch_line(event: WatchEvent) -> RenderableType:
    """One line a change."""
    by = "" if event.by == "pipeline" else f" by {escape(event.by)}"
    return Text.from_markup(
        f"{moment(event.at)}  {event.change + by:<10}  {_severity(event.severity_level)}  "
        f"{escape(event.anomaly_id)}  {escape(_tags(event.anomaly.tags))}"
    )


def moment(text: str) -> str:
    """`2026-11-20 09:00:00`: UTC, to the second."""
    return text[:19].replace("T", " ")


def _facts(details: AnomalyDetails) -> Table:
    row = details.anomaly
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("source", escape(row.source))
    table.add_row(
        "detected", f"{moment(row.detected_at)} UTC, seen {row.occurrences}×, last {moment(row.last_seen)}"
    )
    table.add_row("confidence", f"{row.confidence:.2f}")
    table.add_row("assigned to", escape(row.assigned_to) or "nobody")
    if row.resolved_by and row.resolved_at:
        notes = escape(row.resolution_notes or "")
        table.add_row("resolved", f"{moment(row.resolved_at)} by {escape(row.resolved_by)}: {notes}")
    for tag in row.tags[:_TAGS_IN_FULL]:
        value = details.values.get(tag)
        shown = "" if value is None else f"{value:g}"
        if tag in row.modified_values:
            shown += f" → {row.modified_values[tag]:g} (modified)"
        table.add_row(escape(tag), f"{shown}  [dim]share {row.shares.get(tag, 0.0):.0%}[/dim]")
    if len(row.tags) > _TAGS_IN_FULL:
        table.add_row("and", f"[dim]{escape(', '.join(row.tags[_TAGS_IN_FULL:]))}[/dim]")
    return table


def _contexts(details: AnomalyDetails) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for tag in details.anomaly.tags:
        if tag in details.contexts:
            table.add_row(escape(tag), escape(details.contexts[tag]))
    return table


def _method(method: MethodVerdict) -> RenderableType:
    said = method.status or method.state
    if method.state == "warming-up":
        said += " (warming up)"
    if not method.findings:
        return f"{method.method}: {said}"
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in method.findings:
        value = "" if finding.value is None else f"{finding.value:g}"
        expected = "" if finding.expected is None else f"expected {finding.expected:g}"
        alarm = finding.alarm_type if finding.alarm_type != "OK" else ""
        table.add_row(escape(finding.tag), value, alarm, escape(finding.rule), expected)
    return Group(f"{method.method}: {said}", Padding(table, (0, 0, 0, 2), expand=False))


def _timeline(details: AnomalyDetails) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for entry in details.timeline:
        by = "" if entry.by == "pipeline" else f" by {escape(entry.by)}"
        why = f": {escape(entry.why)}" if entry.why else ""
        table.add_row(moment(entry.at), f"{escape(entry.what)}{by}{why}")
    return table


def _severity(severity: str) -> str:
    return f"[severity.{severity}]{severity}[/severity.{severity}]"


def _status(row: AnomalyRow) -> str:
    if row.status == "open":
        return "[dim]open, quiet[/dim]" if row.quiet else "open"
    return f"[good]{row.status}[/good]"


def _state(row: AnomalyRow) -> str:
    """The status, and whose it is."""
    who = row.resolved_by if row.status == "resolved" else row.assigned_to
    return f"{_status(row)} · {escape(who)}" if who else _status(row)


def _tags(tags: Sequence[str]) -> str:
    more = f" +{len(tags) - _TAGS_SHOWN}" if len(tags) > _TAGS_SHOWN else ""
    return ", ".join(tags[:_TAGS_SHOWN]) + more
