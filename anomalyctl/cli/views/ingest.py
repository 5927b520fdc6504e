"""What `ingest` sent and what it refused, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType


def ingest_view(document: Mapping[str, Any]) -> RenderableType:
    """The first refused rows, then one line with what was sent, and what to do next."""
    parts: list[RenderableType] = []
    if document["refusals"]:
        table = Table(box=None, pad_edge=False)
        for heading in ("file", "line", "field", "why it was refused"):
            table.add_column(heading, overflow="fold")
        for refusal in document["refusals"]:
            cells = (refusal["file"], str(refusal["line"]), refusal["field"], refusal["reason"])
            table.add_row(*map(escape, cells))
        parts.append(table)
        if left := document["refused"] - len(document["refusals"]):
            parts.append(Text(f"… and {left:,} more"))
    outcome = "[warning](!) Interrupted[/warning]" if document["interrupted"] else "[good](✓) Done[/good]"
    span = f", {document['from']} to {document['to']}" if document["from"] else ""
    sent = f"{document['readings']:,} readings of {escape(document['source'])}"
    parts.append(Text.from_markup(f"{outcome} {sent}{span} ({document['took_s']:.1f} s)."))
    parts.append(Text.from_markup("[hint]Next: anomalyctl status, then anomalyctl anomalies list[/hint]"))
    return Group(*parts)
