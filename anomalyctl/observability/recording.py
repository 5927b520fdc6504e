"""Which traces are worth keeping: a share of all, and every one with an anomaly or a failure in it.

All spans are recorded, and the decision falls at the end of a trace's part in this process: only then is it
known what was found. The share is that of OpenTelemetry's parent-based ratio, so all processes decide alike.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    TraceState,
    get_current_span,
)
from opentelemetry.util.types import Attributes

from anomalyctl.observability.traces import KEEP

SAMPLE_RATE: Final = "_MS.sampleRate"
"""Application Insights counts a span for as many as it stands for: 100 / rate."""
_MOST_PARTS: Final = 512
"""Parts of traces that may be open at a time; the oldest is forgotten, a leak is not built up."""
_MOST_SPANS: Final = 256
"""Spans kept of one part."""


class RecordAll(Sampler):
    """Record everything; mark as sampled what the parent, or without one the ratio, says."""

    def __init__(self, ratio: float) -> None:
        self._ratio = TraceIdRatioBased(ratio)
        self.rate = 100.0 * ratio

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """The decision about one span."""
        parent = get_current_span(parent_context).get_span_context()
        sampled = (
            parent.trace_flags.sampled
            if parent.is_valid
            else self._ratio.should_sample(parent_context, trace_id, name).decision
            is Decision.RECORD_AND_SAMPLE
        )
        return SamplingResult(Decision.RECORD_AND_SAMPLE if sampled else Decision.RECORD_ONLY, attributes)

    def get_description(self) -> str:
        """For people."""
        return f"RecordAll{{{self.rate:g} %}}"


@dataclass(slots=True)
class _Part:
    """What one process did for a trace in one go."""

    members: list[int] = field(default_factory=list)
    ended: list[ReadableSpan] = field(default_factory=list)


class KeepWorthwhile(SpanProcessor):
    """Hands the spans of a trace's part on when its first span has ended, if they are worth it."""

    def __init__(self, following: Sequence[SpanProcessor], rate: float) -> None:
        self._following, self._rate = following, rate
        self._open: OrderedDict[int, _Part] = OrderedDict()
        self._part_of: dict[int, _Part] = {}
        self._lock = threading.Lock()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note which part it belongs to: several of one trace may be open, one for each tier."""
        assert span.context is not None  # noqa: S101 - a span of the SDK has one
        own = span.context.span_id
        with self._lock:
            if span.parent is None or span.parent.is_remote:
                part = self._open[own] = _Part()
                while len(self._open) > _MOST_PARTS:
                    self._forget(self._open.popitem(last=False)[1])
            else:
                found = self._part_of.get(span.parent.span_id)
                if found is None or len(found.members) >= _MOST_SPANS:
                    return
                part = found
            part.members.append(own)
            self._part_of[own] = part

    def on_end(self, span: ReadableSpan) -> None:
        """Note the span, and decide with the first of its part."""
        assert span.context is not None  # noqa: S101 - a span of the SDK has one
        first = span.parent is None or span.parent.is_remote
        with self._lock:
            part = self._part_of.get(span.context.span_id)
            if part is None:
                return  # of a part that has ended, or was too large
            part.ended.append(span)
            if not first:
                return
            self._open.pop(span.context.span_id, None)
            self._forget(part)
            spans = part.ended
        kept = any(map(_is_worth_it, spans))
        if kept or span.context.trace_flags.sampled:
            # One that is kept for what was found in it stands for itself alone.
            for each in (_for_export(span, None if kept else self._rate) for span in spans):
                for processor in self._following:
                    processor.on_end(each)

    def _forget(self, part: _Part) -> None:
        for member in part.members:
            self._part_of.pop(member, None)

    def shutdown(self) -> None:
        """Hand on nothing more."""
        for processor in self._following:
            processor.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what was handed on."""
        return all(processor.force_flush(timeout_millis) for processor in self._following)


def _is_worth_it(span: ReadableSpan) -> bool:
    return KEEP in (span.attributes or {}) or span.status.status_code is StatusCode.ERROR


def _for_export(span: ReadableSpan, rate: float | None) -> ReadableSpan:
    """The span for exporters, which pass over unsampled ones; `rate` where it stands for others too."""
    context = span.context
    assert context is not None  # noqa: S101 - a span of the SDK has one
    if context.trace_flags.sampled and (rate is None or rate >= 100):
        return span
    return ReadableSpan(
        name=span.name,
        context=SpanContext(
            context.trace_id,
            context.span_id,
            context.is_remote,
            TraceFlags(context.trace_flags | TraceFlags.SAMPLED),
            context.trace_state,
        ),
        parent=span.parent,
        resource=span.resource,
        attributes=dict(span.attributes or {}) | ({} if rate is None or rate >= 100 else {SAMPLE_RATE: rate}),
        events=span.events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
