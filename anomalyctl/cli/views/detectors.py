"""What detectors do, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anomalyctl.operations.detectors.evaluating import Evaluation, FileEvaluation, Pooled
    from anomalyctl.operations.detectors.models import ModelChange, SourceModels

_HEADINGS = ("F1", "false alarms", "missed", "AUC-PR", "VUS-PR", "delay", "µs a row")


def evaluation_view(evaluation: Evaluation) -> Group:
    """One line a file, then all files under both limits."""
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    for heading in ("rows", "alarmed", *_HEADINGS):
        table.add_column(heading, justify="right")
    for file in evaluation.files:
        table.add_row(escape(file.file), *_cells(file))
    table.add_section()
    table.add_row(f"all, limit {evaluation.limit}", *_cells(evaluation.pooled))
    table.add_row(f"all, limit {evaluation.other_limit}", *_cells(evaluation.pooled_by_other_limit))
    left_out = sorted({tag for file in evaluation.files for tag in file.not_scored})
    parts: list[Text | Table] = [table]
    if left_out:
        parts += [
            Text(),
            Text(f"Not scored (constant, slow or no numbers in the fit rows): {', '.join(left_out)}"),
        ]
    if not any(file.label for file in evaluation.files):
        parts += [
            Text(),
            Text("Without labels there is nothing to compare with: name their column with --label."),
        ]
    return Group(*parts)


def models_view(sources: Sequence[SourceModels]) -> Group:
    """One line a version; a refused fit below its source's."""
    table = Table(box=None, pad_edge=False)
    for heading in ("source", "model", "", "fitted (UTC)"):
        table.add_column(heading, overflow="fold")
    table.add_column("readings", justify="right")
    for source in sources:
        name = escape(source.source)
        if not source.versions:
            table.add_row(name, "none yet", "", "", "")
        for each in source.versions:
            use = "in use" if each.in_use else ""
            table.add_row(name, each.version, use, f"{each.fitted_at:%Y-%m-%d %H:%M}", f"{each.rows:,}")
            name = ""
    refused = [
        Text(f"{each.source}: the last fit was refused: {each.refused}") for each in sources if each.refused
    ]
    return Group(table, *refused) if sources else Group(Text("No source has sent readings within 24 h."))


def changes_view(changes: Sequence[ModelChange]) -> Group:
    """What is in use now, and what was before."""
    if not changes:
        return Group(Text("No source has judged readings to fit on."))
    return Group(*(Text(_change(each)) for each in changes))


def _change(change: ModelChange) -> str:
    if change.before == change.after:
        return f"{change.source}: {change.after or 'no model'} stays in use."
    return f"{change.source}: {change.after} is in use" + (
        f", after {change.before}." if change.before else "."
    )


def _cells(each: FileEvaluation | Pooled) -> list[str]:
    return [
        f"{each.rows_judged:,}",
        f"{each.rows_alarmed / each.rows_judged:.1%}",
        _number(each.f1),
        _share(each.false_alarm_rate),
        _share(each.missed_alarm_rate),
        _number(each.auc_pr),
        _number(each.vus_pr),
        "-" if each.detection_delay_s is None else f"{each.detection_delay_s:.0f} s",
        f"{each.microseconds_per_row:.0f}",
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
