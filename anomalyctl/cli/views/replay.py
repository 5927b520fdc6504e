"""A replay, as people read it: counts by tier, then what was anomalous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from anomalyctl.operations.replay import Replay, SourceReplay

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
