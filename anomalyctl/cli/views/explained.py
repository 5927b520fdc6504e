"""An episode among what surrounds it, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.views.anomalies import anomalies_table, moment
from anomalyctl.cli.views.sparklines import bars

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.anomalies.explaining import Explained, PastEpisode, Trend


def explained_view(told: Explained) -> RenderableType:
    """The tags' trends, then siblings, past episodes and models."""
    row = told.anomaly
    parts: list[RenderableType] = [
        Text(f"{row.anomaly_id}  {row.severity_level}, {row.status}, since {moment(row.detected_at)}")
    ]
    for trend in told.trends:
        parts += [Text(), *_trend(trend, told.contexts.get(trend.tag, ""))]
    if told.siblings:
        parts += [Text(), Text("At the same time"), anomalies_table(told.siblings)]
    parts += [Text(), *(_past(told.past) if told.past else [Text("No earlier episode is like it.")])]
    for model in told.models:
        judge = model.version or "limits alone"
        parts.append(Text(f"Judged by {judge} from {moment(model.first)}: {model.readings:,} readings"))
    return Group(*parts)


def _trend(trend: Trend, context: str) -> list[Text]:
    reach = "" if trend.smallest is None else f"  {trend.smallest:g} to {trend.largest:g}"
    lines = [
        Text(f"{trend.tag}  {trend.share:.0%} of the blame{reach}"),
        Text(f"  {bars(trend.points)}"),
        Text(f"  {' ' * trend.onset}▲ {moment(trend.start)} to {moment(trend.end)}"),
    ]
    return [*lines, Text(f"  {context}")] if context else lines


def _past(past: tuple[PastEpisode, ...]) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False)
    for heading in ("like it", "when", "status", "closed by", "notes"):
        table.add_column(heading, overflow="fold")
    for each in past:
        row = each.anomaly
        table.add_row(
            f"{each.likeness:.0%}",
            moment(row.detected_at),
            row.status,
            Text(row.resolved_by or ""),
            Text(row.resolution_notes or ""),
        )
    return [Text("Earlier episodes"), table]
