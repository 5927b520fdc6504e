"""Try the detector on recordings: fit on the first rows of each, judge the rest, compare with the truth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomalyctl.detection.calibration import Limit
from anomalyctl.detection.detector import Detector, Scores
from anomalyctl.detection.fitting import FEWEST_ROWS
from anomalyctl.detection.measures import (
    Counts,
    average_precision,
    count,
    delays,
    faults,
    volume_under_pr,
)
from anomalyctl.errors import InvalidInput, PreconditionFailed
from anomalyctl.operations.detectors.tables import Table, read_table
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.recordings.recording import Layout


@dataclass(frozen=True, slots=True)
class Measures:
    """Detection of row by row truth; None where there is no truth, or only one kind of row."""

    f1: float | None
    false_alarm_rate: float | None
    """False alarms of the normal rows, 0 to 1 (SKAB's FAR)."""
    missed_alarm_rate: float | None
    """Missed ones of the anomalous rows, 0 to 1 (SKAB's MAR)."""
    auc_pr: float | None
    vus_pr: float | None
    detection_delay_s: float | None
    """Mean time from the start of a fault to its first alarm, over the faults that were found."""
    faults: int
    faults_found: int


@dataclass(frozen=True, slots=True)
class FileEvaluation(Measures):
    """One file."""

    file: str
    rows_judged: int
    rows_alarmed: int
    scored: int
    """Columns that count."""
    not_scored: tuple[str, ...]
    """Columns that are constant, hardly change or hold no numbers in the fit rows."""
    label: str | None
    cells_unread: int
    """Cells of columns with numbers that hold none, or what no sensor sends (infinite, over 10¹⁵)."""
    reordered: bool
    """Whether the rows were put into the order of time."""
    first_tags: tuple[str, ...]
    """The columns that alarms blame most, most often first."""
    microseconds_per_row: float


@dataclass(frozen=True, slots=True)
class Pooled(Measures):
    """All files: F1 and the two rates from summed rows, areas and delay as means."""

    files: int
    rows_judged: int
    rows_alarmed: int
    microseconds_per_row: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the detector makes of the files, under the limit asked for and, beside it, the other one."""

    limit: Limit
    fit_rows: int
    files: tuple[FileEvaluation, ...]
    pooled: Pooled
    other_limit: Limit
    pooled_by_other_limit: Pooled


@dataclass(frozen=True, slots=True)
class _Judged:
    evaluation: FileEvaluation
    counts: Counts
    delays: tuple[float, ...]


def evaluate(
    names: Sequence[str],
    *,
    layout: Layout,
    label: str | None = None,
    fit_rows: int = 400,
    limit: Limit = "operations",
    progress: Progress = SILENCE,
) -> Evaluation:
    """Fit on the first `fit_rows` of each file and judge the others in order, each from its past alone.

    `label`: the column with the truth; unless told, one called anomaly, label or is_anomaly. It reaches no
    detector, nor do ignored columns. Raises InvalidInput for files that cannot be read or are too short, or
    where nothing in the fit rows moves.
    """
    if fit_rows < FEWEST_ROWS:
        raise InvalidInput(
            f"{fit_rows} rows are too few to fit on, {FEWEST_ROWS} are needed.", field="--fit-rows"
        )
    other: Limit = "benchmark" if limit == "operations" else "operations"
    judged: dict[Limit, list[_Judged]] = {limit: [], other: []}
    for done, name in enumerate(names):
        progress.advance(done, len(names), f"Judging {name}")
        table = read_table(name, layout, label)
        if len(table.values) <= fit_rows:
            raise InvalidInput(
                f"{name} has {len(table.values)} rows, none is left to judge after {fit_rows} to fit on.",
                field="file",
                hint="Lower --fit-rows.",
            )
        _warn(table, progress)
        detector = fit_on(table, fit_rows)
        for each, found in judged.items():
            found.append(_judge(table, detector, fit_rows, each))
    progress.advance(len(names), len(names), "Judged")
    return Evaluation(
        limit=limit,
        fit_rows=fit_rows,
        files=tuple(each.evaluation for each in judged[limit]),
        pooled=_pooled(judged[limit]),
        other_limit=other,
        pooled_by_other_limit=_pooled(judged[other]),
    )


def _warn(table: Table, progress: Progress) -> None:
    if table.reordered:
        progress.warn(f"{table.name}: the rows are not in the order of time, they are judged in it")
    if table.cells_unread:
        progress.warn(
            f"{table.name}: {table.cells_unread:,} cells hold no number that a sensor sends: missing"
        )


def fit_on(table: Table, fit_rows: int) -> Detector:
    """The detector of a table's first rows. It is given tags and times, nothing else.

    Raises InvalidInput where no column moves.
    """
    rows = table.values[:fit_rows]
    try:
        return Detector.fit(rows, tags=table.tags, times_ms=table.times_ms[:fit_rows])
    except PreconditionFailed as error:
        empty = [tag for tag, column in zip(table.tags, rows.T, strict=True) if np.isnan(column).all()]
        raise InvalidInput(
            f"{table.name}: no column has numbers that change from row to row in the first {fit_rows} rows.",
            field="file",
            hint=f"Without numbers: {', '.join(empty[:10])}." if empty else "All of them stand still.",
        ) from error


def _judge(table: Table, detector: Detector, fit_rows: int, limit: Limit) -> _Judged:
    rows, times_ms = table.values[fit_rows:], table.times_ms[fit_rows:]
    started = time.perf_counter()
    scores = detector.scores(rows, times_ms=times_ms, limit=limit)
    each_us = (time.perf_counter() - started) * 1e6 / len(rows)
    counts = Counts()
    waited: list[float] = []
    area = volume = None
    found = 0
    if table.truth is not None:
        truth = table.truth[fit_rows:]
        counts, waited = count(truth, scores.alarm), delays(truth, scores.alarm, times_ms)
        area, volume = average_precision(truth, scores.score), volume_under_pr(truth, scores.score)
        found = len(faults(truth))
    evaluation = FileEvaluation(
        f1=counts.f1,
        false_alarm_rate=counts.false_alarm_rate,
        missed_alarm_rate=counts.missed_alarm_rate,
        auc_pr=area,
        vus_pr=volume,
        detection_delay_s=_mean(waited),
        faults=found,
        faults_found=len(waited),
        file=table.name,
        rows_judged=len(rows),
        rows_alarmed=int(scores.alarm.sum()),
        scored=len(detector.scored),
        not_scored=tuple(tag for tag in table.tags if tag not in detector.scored),
        label=table.label,
        cells_unread=table.cells_unread,
        reordered=table.reordered,
        first_tags=_most_blamed(scores),
        microseconds_per_row=round(each_us, 1),
    )
    return _Judged(evaluation, counts, tuple(waited))


def _most_blamed(scores: Scores) -> tuple[str, ...]:
    tags = [tag for tag in scores.tag if tag is not None]
    return tuple(sorted(dict.fromkeys(tags), key=lambda tag: -tags.count(tag))[:3])


def _pooled(judged: Sequence[_Judged]) -> Pooled:
    counts, waited = Counts(), [delay for each in judged for delay in each.delays]
    for each in judged:
        counts = counts + each.counts
    files = [each.evaluation for each in judged]
    rows = sum(each.rows_judged for each in files)
    return Pooled(
        f1=counts.f1,
        false_alarm_rate=counts.false_alarm_rate,
        missed_alarm_rate=counts.missed_alarm_rate,
        auc_pr=_mean([each.auc_pr for each in files if each.auc_pr is not None]),
        vus_pr=_mean([each.vus_pr for each in files if each.vus_pr is not None]),
        detection_delay_s=_mean(waited),
        faults=sum(each.faults for each in files),
        faults_found=len(waited),
        files=len(files),
        rows_judged=rows,
        rows_alarmed=sum(each.rows_alarmed for each in files),
        microseconds_per_row=round(
            sum(each.microseconds_per_row * each.rows_judged for each in files) / rows, 1
        ),
    )


def _mean(numbers: Sequence[float]) -> float | None:
    return float(np.mean(numbers)) if numbers else None
