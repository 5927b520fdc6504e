"""One trace: its steps, among the lines that belong to it; here those of `local`, from its trace files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    wanted = checked_trace_id(trace_id)
    found = [*_steps(folder, parts, wanted), *(one for one in lines if one.fields.get("trace_id") == wanted)]
    if not found:
        raise NotFound(
            f"Nothing of the trace {wanted} was kept.",
            hint="One in twenty is kept, and all with an anomaly or a failure, until 20 MB came after.",
        )
    return tuple(sorted(found, key=lambda line: line.time or ""))


def checked_trace_id(text: str) -> str:
    """The id, in small letters. Raises InvalidInput for what is no trace id."""
    wanted = text.strip().lower()
    if not _TRACE_ID.fullmatch(wanted):
        raise InvalidInput(
            "A trace has an id of 32 hexadecimal digits.",
            field="--trace",
            hint="An anomaly's verdict has it: explanation.trace_id.",
        )
    return wanted


def step_message(name: str, duration_ms: float, depth: int, error: str) -> str:
    """A step as its line says it; the indent says what it is part of."""
    failed = f" failed: {error}" if error else ""
    return f"{'  ' * depth}{name} ({duration_ms:,.1f} ms){failed}"


def depth_in(parents: Mapping[str, str | None], span_id: str) -> int:
    """How many steps of the trace that are known stand above one."""
    depth, above = 0, parents.get(span_id)
    while above is not None and above in parents and depth < len(parents):
        depth, above = depth + 1, parents[above]
    return depth


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
        error = str(span.get("error", ""))
        yield LogLine(
            part=part,
            time=span["timestamp"],
            level="error" if error else "info",
            message=step_message(
                span["name"], span["duration_ms"], depth_in(parents, span["span_id"]), error
            ),
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


def _end(span: dict[str, Any]) -> str:
    return format_time(parse_time(span["timestamp"]) + timedelta(milliseconds=span["duration_ms"]))
