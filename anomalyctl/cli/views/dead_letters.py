"""Dead letters for people: a list, one in full, what became of an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from anomalyctl.cli.views.anomalies import moment

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.operations.dead_letters.acting import LetterReport
    from anomalyctl.operations.dead_letters.listing import LetterDetails, LetterRow

_KINDS = {
    "refused": "[warning]refused[/warning]",
    "early": "[warning]early[/warning]",
    "unjudged": "[bad]unjudged[/bad]",
    "trimmed": "[bad]trimmed[/bad]",
}


def letters_table(rows: Sequence[LetterRow]) -> RenderableType:
    """One row a letter."""
    if not rows:
        return Text("No dead letters.")
    table = Table(box=None, pad_edge=False, caption="Times are UTC.", caption_justify="left")
    table.add_column("id", no_wrap=True, min_width=max(len(row.id) for row in rows))
    table.add_column("arrived", no_wrap=True, min_width=14)
    table.add_column("source", overflow="ellipsis", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("tries", justify="right", no_wrap=True)
    table.add_column("why", overflow="ellipsis", no_wrap=True, min_width=8)
    for row in rows:
        tries = f"{row.attempts}{'…' if row.state == 'retrying' else ''}"
        table.add_row(
            row.id,
            moment(row.arrived_at)[5:],
            escape(row.source),
            _KINDS.get(row.kind, escape(row.kind)),
            tries,
            escape(row.reason),
        )
    return table


def letter_document(details: LetterDetails) -> RenderableType:
    """What came, why it has no verdict, what happened, what to do next."""
    row = details.letter
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_column(style="dim")
    facts.add_column(overflow="fold")
    facts.add_row("source", escape(row.source))
    facts.add_row("arrived", f"{moment(row.arrived_at)} UTC")
    facts.add_row("why", escape(row.reason))
    if row.field:
        facts.add_row("field", escape(row.field))
    facts.add_row("tried", f"{row.attempts}×")
    facts.add_row("next try", f"{moment(row.next_try_at)} UTC" if row.next_try_at else "when you say so")
    facts.add_row("payload", f"{row.payload_bytes:,} bytes, {details.payload_encoding}")
    history = Table(box=None, pad_edge=False, show_header=False)
    for step in details.history:
        why = f": {escape(str(step['why']))}" if step.get("why") else ""
        history.add_row(moment(str(step["at"])), f"{step['what']} by {escape(str(step['by']))}{why}")
    return Group(
        f"{_KINDS.get(row.kind, row.kind)}  [bold]{row.id}[/bold]  {row.state}",
        facts,
        "\n[bold]Payload[/bold], as it came",
        Text(details.payload, overflow="fold"),
        "\n[bold]History[/bold]",
        history,
        f"\n[hint]Next: anomalyctl dead-letters retry|purge {row.id}[/hint]",
    )


def letter_report(report: LetterReport) -> RenderableType:
    """One line a letter."""
    if not report.results:
        return Text("No dead letters.")
    table = Table(box=None, pad_edge=False, show_header=False)
    done = {"retry": "in the queue again", "purge": "deleted"}[report.action]
    for result in report.results:
        if not result.ok:
            table.add_row("[bad](x) Failed[/bad]", escape(result.id), escape(result.message))
        elif report.dry_run:
            table.add_row("[dim](-) Skipped[/dim]", escape(result.id), f"would be {done}")
        else:
            table.add_row("[good](✓) Done[/good]", escape(result.id), done)
    return table
