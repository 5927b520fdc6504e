"""One trace of an Azure environment: its steps and lines, as Application Insights keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from anomalyctl.azure.queries import trace_query
from anomalyctl.errors import NotFound
from anomalyctl.operations.logs_azure import MOST_LINES, AzureLogs
from anomalyctl.operations.logs_azure_lines import bag_of, fields_of, time_of
from anomalyctl.operations.logs_lines import LogLine
from anomalyctl.operations.logs_traces import checked_trace_id, depth_in, step_message
from anomalyctl.operations.progress import SILENCE, Progress

BACK: Final = timedelta(days=30)
"""An anomaly's trace is looked up days later."""
_AHEAD: Final = timedelta(minutes=5)
_LEVELS: Final = ("debug", "info", "warning", "error", "critical")


def lines_of_azure_trace(
    workspace: AzureLogs,
    trace_id: str,
    *,
    part: str | None = None,
    back: timedelta = BACK,
    now: datetime | None = None,
    progress: Progress = SILENCE,
) -> tuple[LogLine, ...]:
    """What the parts did and said in a trace of the last `back`, in the order of time.

    Raises InvalidInput for what is no trace id, NotFound where nothing of it is there, and what `ask` raises.
    """
    wanted = checked_trace_id(trace_id)
    end = now or datetime.now(UTC)
    table = workspace.ask(
        trace_query().text,
        end - back,
        end + _AHEAD,
        {"trace": UUID(hex=wanted), "most_lines": MOST_LINES},
    )
    if table.partial:
        progress.warn(f"Not all of the trace: {table.partial}")
    if len(table.rows) == MOST_LINES:
        progress.warn(f"The trace has more than {MOST_LINES:,} lines: the last are left out.")
    found = [line for line in _lines(table.records(), wanted) if part in (None, line.part)]
    if not found:
        where = f" in {part}" if part else ""
        raise NotFound(
            f"Nothing of the trace {wanted} is in Application Insights{where}.",
            hint="One in twenty is kept, and all with an anomaly or a failure; they arrive minutes late. "
            f"Older than {back.days} d: --since 90d.",
        )
    return tuple(sorted(found, key=lambda line: line.time or ""))


def _lines(records: Sequence[dict[str, Any]], trace_id: str) -> Iterator[LogLine]:
    parents = {str(one["Id"]): str(one["ParentId"] or "") or None for one in records if one["Kind"] == "step"}
    for one in records:
        told = {key: value for key, value in fields_of(one["Properties"]).items() if not key.startswith("_")}
        fields = {**told, "trace_id": trace_id}
        part = str(one["Role"] or "").rpartition(".")[2] or "unknown"
        if one["Kind"] == "step":
            yield _step(one, part, fields, depth_in(parents, str(one["Id"])))
        else:
            yield LogLine(
                part=part,
                time=time_of(one),
                level=_LEVELS[min(max(int(one["Severity"] or 0), 0), 4)],
                message=str(one["Message"] or ""),
                function=bag_of(one["Properties"]).get("function"),
                trace=bag_of(one["Properties"]).get("trace"),
                fields=fields,
            )


def _step(one: dict[str, Any], part: str, fields: dict[str, Any], depth: int) -> LogLine:
    failed = one["Success"] in (False, "False", "false")
    error = str(fields.get("error.type") or one["Code"] or "no reason was given") if failed else ""
    begun, length = time_of(one), float(one["DurationMs"] or 0.0)
    return LogLine(
        part=part,
        time=begun,
        level="error" if failed else "info",
        message=step_message(str(one["Name"] or "a step"), length, depth, error),
        fields={**fields, "span_id": str(one["Id"]), "milliseconds": length},
    )
