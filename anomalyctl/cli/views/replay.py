"""A replay, as people read it: counts by tier, then what was anomalous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from anomalyctl.operations.replay_comparing import Comparison
    from anomalyctl.operations.replay_counting import Replay, SourceReplay

_TAGS_SHOWN = 3


def replay_view(replay: Replay) -> Group:
    """The counts of all sources, then the first anomalous readings of each."""
    span = f"{replay.start:%Y-%m-%d %H:%M:%S} to {replay.end:%Y-%m-%d %H:%M:%S} UTC"
    written = f"{replay.written:,} verdicts were written." if replay.written else "Nothing was written."
    parts: list[Text | Table] = [Text(f"{replay.readings:,} readings, {span}"), _counts(replay)]
    for source in replay.sources:
        if source.anomalies:
            parts += [Text(), _anomalies(source)]
    parts += [Text(), Text(written)]
    return Group(*parts)


def comparison_view(comparison: Comparison) -> Group:
    """How many verdicts differ, then the first of them."""
    span = f"{comparison.start:%Y-%m-%d %H:%M:%S} to {comparison.end:%Y-%m-%d %H:%M:%S} UTC"
    summary = (
        f"{comparison.readings:,} readings, {span}: {comparison.same:,} verdicts are the same, "
        f"{comparison.won:,} won, {comparison.lost:,} lost, {comparison.moved:,} moved."
    )
    if not comparison.differences:
        return Group(Text(summary))
    table = Table(box=None, pad_edge=False)
    for heading in ("time", "", f"tags by {comparison.baseline}", f"by {comparison.candidate}"):
        table.add_column(escape(heading), overflow="fold")
    for each in comparison.differences:
        was, now = (", ".join(tags[:_TAGS_SHOWN]) for tags in (each.baseline_tags, each.candidate_tags))
        table.add_row(each.timestamp, each.kind, escape(was), escape(now))
    return Group(Text(summary), Text(), table)


def _counts(replay: Replay) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("source")
    table.add_column("tier")
    for heading in ("normal", "anomaly"):
        table.add_column(heading, justify="right")
    table.add_column("changed", justify="right")
    for source in replay.sources:
        name = escape(source.source)
        for tier in source.tiers:
            table.add_row(name, tier.tier, f"{tier.normal:,}", f"{tier.anomaly:,}", "")
            name = ""
        table.add_row("", "together", f"{source.normal:,}", f"{source.anomaly:,}", f"{source.changed:,}")
    return table


def _anomalies(source: SourceReplay) -> Table:
    more = source.anomaly - len(source.anomalies)
    title = f"Anomalous readings of {escape(source.source)}" + (f" (and {more:,} more)" if more else "")
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for heading in ("time", "severity", "confidence", "tags, largest share first"):
        table.add_column(heading, overflow="fold")
    for anomaly in source.anomalies:
        tags = ", ".join(anomaly.tags[:_TAGS_SHOWN]) + (" …" if len(anomaly.tags) > _TAGS_SHOWN else "")
        table.add_row(anomaly.timestamp, anomaly.severity, f"{anomaly.confidence:.2f}", escape(tags))
    return table
