"""What `simulate` sent, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType


def simulation_view(document: Mapping[str, Any]) -> RenderableType:
    """The faults and where they lie, then one line with what was sent, and what to do next."""
    parts: list[RenderableType] = []
    if document["faults"]:
        table = Table(box=None, pad_edge=False)
        for heading in ("fault", "tag", "from", "to", "size"):
            table.add_column(heading, overflow="fold")
        for fault in document["faults"]:
            size = "" if fault["size"] is None else f"{fault['size']:g}"
            table.add_row(fault["kind"], escape(fault["tag"]), fault["from"], fault["to"], size)
        parts.append(table)
    outcome = "[warning](!) Interrupted[/warning]" if document["interrupted"] else "[good](✓) Done[/good]"
    sent = f"{document['readings']:,} readings of {escape(document['source'])}"
    span = f", {document['from']} to {document['to']}" if document["from"] else ""
    parts.append(Text.from_markup(f"{outcome} {sent}{span} ({document['took_s']:.1f} s)."))
    if document["missed_ticks"]:
        parts.append(Text(f"{document['missed_ticks']:,} ticks were missed; their readings were sent late."))
    parts.append(Text.from_markup("[hint]Next: anomalyctl status, then anomalyctl anomalies list[/hint]"))
    return Group(*parts)
