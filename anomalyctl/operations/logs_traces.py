"""One trace of the environment `local`: its steps from the trace files, among the lines that belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.local.folder import LocalFolder
from anomalyctl.observability.settings import traces_of
from anomalyctl.operations.logs_lines import LogLine
from anomalyctl.telemetry.times import format_time, parse_time

_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")


def lines_of_trace(
    folder: LocalFolder, parts: Sequence[str], lines: Sequence[LogLine], trace_id: str
) -> tuple[LogLine, ...]:
    """What the parts did and said in a trace, in the order of time; a step's indent says what it is part of.

    Raises InvalidInput for what is no trace id, NotFound where nothing of it was kept.
    """
    wanted = trace_id.strip().lower()
    if not _TRACE_ID.fullmatch(wanted):
        raise InvalidInput(
            "A trace has an id of 32 hexadecimal digits.",
            field="--trace",
            hint="An anomaly's verdict has it: explanation.trace_id.",
        )
    found = [*_steps(folder, parts, wanted), *(one for one in lines if one.fields.get("trace_id") == wanted)]
    if not found:
        raise NotFound(
            f"Nothing of the trace {wanted} was kept.",
            hint="One in twenty is kept, and all with an anomaly or a failure, until 20 MB came after.",
        )
    return tuple(sorted(found, key=lambda line: line.time or ""))


def _steps(folder: LocalFolder, parts: Sequence[str], trace_id: str) -> Iterator[LogLine]:
    spans = [
        (part, span)
        for part in parts
        for path in _files(traces_of(folder.logs, part))
        for span in _spans(path, trace_id)
    ]
    parents = {span["span_id"]: span["parent_id"] for _, span in spans}
    for part, span in spans:
        told = {key: value for key, value in span["attributes"].items() if not key.startswith("_")}
        error = f" failed: {span['error']}" if "error" in span else ""
        yield LogLine(
            part=part,
            time=span["timestamp"],
            level="error" if error else "info",
            message=f"{'  ' * _depth(span, parents)}{span['name']} ({span['duration_ms']:,.1f} ms){error}",
            fields={**told, "trace_id": trace_id, "span_id": span["span_id"], "ended": _end(span)},
        )


def _files(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + ".1"), path


def _spans(path: Path, trace_id: str) -> Iterator[dict[str, Any]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if trace_id.encode() in line:
                try:
                    span = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue  # a line that is being written
                if span["trace_id"] == trace_id:
                    yield span


def _depth(span: dict[str, Any], parents: dict[str, str | None]) -> int:
    depth, above = 0, span["parent_id"]
    while above in parents and depth < len(parents):
        depth, above = depth + 1, parents[above]
    return depth


def _end(span: dict[str, Any]) -> str:
    return format_time(parse_time(span["timestamp"]) + timedelta(milliseconds=span["duration_ms"]))
