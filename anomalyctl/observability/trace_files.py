"""Spans as JSON lines in a file of bounded size: Application Insights on a machine of one's own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from anomalyctl.observability.redaction import Redactor
from anomalyctl.telemetry.times import format_time, from_epoch_ms

LARGEST: Final = 10 * 1024 * 1024
"""Bytes; then the file becomes `<name>.1`, and the one before it goes."""


class FileExporter(SpanExporter):
    """Appends to one file, which no other process writes to; only its owner may read it."""

    def __init__(self, path: Path, redactor: Redactor, *, largest: int = LARGEST) -> None:
        self._path, self._redactor, self._largest = path, redactor, largest
        self._lock = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write them; a disk that takes nothing costs the spans, and nothing else."""
        data = b"".join(orjson.dumps(self._line(span), default=str) + b"\n" for span in spans)
        try:
            with self._lock:
                self._make_room(len(data))
                with open(self._path, "ab", opener=_private) as file:
                    file.write(data)
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is held open."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Everything is in the file already."""
        return True

    def _make_room(self, size: int) -> None:
        if self._path.exists() and self._path.stat().st_size + size > self._largest:
            self._path.replace(self._path.with_name(self._path.name + ".1"))

    def _line(self, span: ReadableSpan) -> dict[str, Any]:
        return line_of(span, self._redactor)


def line_of(span: ReadableSpan, redactor: Redactor) -> dict[str, Any]:
    """One span as an object of plain values."""
    assert span.context is not None  # noqa: S101 - a span of the SDK has one
    started, ended = span.start_time or 0, span.end_time or span.start_time or 0
    found: dict[str, Any] = {
        "timestamp": format_time(from_epoch_ms(started // 1_000_000)),
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent_id": None if span.parent is None else f"{span.parent.span_id:016x}",
        "service": span.resource.attributes.get("service.name", ""),
        "environment": span.resource.attributes.get("deployment.environment.name", ""),
        "name": span.name,
        "kind": span.kind.name.lower(),
        "duration_ms": round((ended - started) / 1_000_000, 3),
        "attributes": {key: _clean(value, redactor) for key, value in (span.attributes or {}).items()},
    }
    if span.events:
        found["events"] = [
            {
                "timestamp": format_time(from_epoch_ms(event.timestamp // 1_000_000)),
                "name": event.name,
                "attributes": {
                    key: _clean(value, redactor) for key, value in (event.attributes or {}).items()
                },
            }
            for event in span.events
        ]
    if not span.status.is_ok:
        found["error"] = redactor(span.status.description or "failed")
    return found


def _clean(value: Any, redactor: Redactor) -> Any:
    return redactor(value) if isinstance(value, str) else value


def _private(path: str, flags: int) -> int:
    import os

    return os.open(path, flags | os.O_CLOEXEC, 0o600)
