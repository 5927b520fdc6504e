"""What was found of simulated faults, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from anomalyctl.operations.simulation_score import SimulationScore


def score_view(score: SimulationScore) -> Group:
    """One line a kind of fault, then the faults that were missed."""
    table = Table(box=None, pad_edge=False)
    table.add_column("kind")
    for heading in ("faults", "found", "recall", "tag first", "delay p50", "p95"):
        table.add_column(heading, justify="right")
    for kind in score.kinds:
        table.add_row(
            kind.kind,
            str(kind.faults),
            str(kind.found),
            f"{kind.recall:.0%}",
            str(kind.leading),
            _seconds(kind.delay_p50_s),
            _seconds(kind.delay_p95_s),
        )
    precision = "-" if score.precision is None else f"{score.precision:.0%}"
    summary = (
        f"{score.readings:,} readings of {score.runs} run(s), {score.anomalous:,} anomalous: "
        f"{score.true_spans} stretches with a fault, {score.false_spans} without, precision {precision}."
    )
    missed = [
        Text(f"Missed: {fault.kind} of {escape(fault.tag)} at {fault.start} ({fault.source})")
        for fault in score.faults
        if not fault.found
    ]
    return Group(table, Text(), Text(summary), *missed)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"
