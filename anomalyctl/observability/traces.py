"""Traces from a reading's arrival to its acknowledgement; next to nothing where nobody set up a recorder.

A trace belongs to what is judged by one call: one reading, or up to 60 where the pipeline is behind. All its
steps are spans; the processes in between are joined by W3C Trace Context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal

from anomalyctl.errors import AnomalyctlError
from anomalyctl.observability.bound import bind_on, new_trace_id, remember, run_id, unbind

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.trace import Span, Tracer

Kind = Literal["internal", "client", "server", "consumer"]
Value = str | int | float | bool

KEEP: Final = "anomalyctl.kept"
"""Attribute of a trace's first span: why all of it is exported, whatever the sampling says."""
_RUN_HEADER: Final = "x-run-id"
_RUN_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

_tracer: Tracer | None = None


def record_with(tracer: Tracer | None) -> None:
    """Have spans recorded from now on; None: no more."""
    global _tracer
    _tracer = tracer


class Trace:
    """One trace, held open across threads: `active()` in each that works for it, `end()` after all."""

    def __init__(
        self, name: str, *, since_ns: int | None = None, kind: Kind = "consumer", **told: Value
    ) -> None:
        """`since_ns`: when it began (epoch ns), which may be before this process knew of it."""
        self._span: Span | None = None
        self.id = ""
        if _tracer is not None:
            from opentelemetry.context import Context

            self._span = _tracer.start_span(
                name, context=Context(), kind=_kind(kind), attributes=told, start_time=since_ns
            )
            self.id = f"{self._span.get_span_context().trace_id:032x}"
        self.id = self.id or new_trace_id()

    @property
    def is_recorded(self) -> bool:
        """Whether its spans come to anything."""
        return self._span is not None

    @property
    def is_kept(self) -> bool:
        """Whether somebody who has its id will find it."""
        if self._span is None:
            return False
        if self._span.get_span_context().trace_flags.sampled:
            return True
        return KEEP in (getattr(self._span, "attributes", None) or {})

    @contextmanager
    def active(self) -> Iterator[None]:
        """Spans, log lines and calls of this block belong to the trace."""
        token = bind_on(trace_id=self.id)
        attached = _attach(self._span)
        try:
            yield
        except BaseException as error:
            remember(error)
            raise
        finally:
            _detach(attached)
            unbind(token)

    def keep(self, why: str) -> None:
        """Export it, whatever the sampling says."""
        if self._span is not None:
            self._span.set_attribute(KEEP, why)

    def tell(self, **told: Value) -> None:
        """Add attributes."""
        if self._span is not None:
            self._span.set_attributes(told)

    def event(self, name: str, **told: Value) -> None:
        """Note that something was found."""
        if self._span is not None:
            self._span.add_event(name, told)

    def end(self, error: BaseException | None = None) -> None:
        """No step follows. With an error, the trace is kept."""
        if self._span is None:
            return
        if error is not None:
            self.keep("failure")
            _mark(self._span, error)
        self._span.end()
        self._span = None


class span:  # noqa: N801 - used as `with span(...)`
    """One step of the trace under way in this thread; nothing outside of a trace.

    A class and not a generator: it stands in the hot path.
    """

    __slots__ = ("_attached", "_ended_ns", "_kind", "_name", "_since_ns", "_span", "_told")

    def __init__(
        self, name: str, *, kind: Kind = "internal", since_ns: int | None = None, **told: Value
    ) -> None:
        self._name, self._kind, self._since_ns, self._told = name, kind, since_ns, told
        self._span: Span | None = None
        self._attached: Token[object] | None = None
        self._ended_ns: int | None = None

    def __enter__(self) -> span:
        if _tracer is not None and _is_traced():
            self._span = _tracer.start_span(
                self._name, kind=_kind(self._kind), attributes=self._told, start_time=self._since_ns
            )
            self._attached = _attach(self._span)
        return self

    def tell(self, **told: Value) -> None:
        """Add attributes."""
        if self._span is not None:
            self._span.set_attributes(told)

    def end_at(self, instant_ns: int) -> None:
        """It ended then (epoch ns), not at the end of the block."""
        self._ended_ns = instant_ns

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        _detach(self._attached)
        if error is not None:
            _mark(self._span, error)
        self._span.end(self._ended_ns)


def headers() -> dict[str, str]:
    """What a call to another service of ours carries along, so that its spans and lines join."""
    found = {_RUN_HEADER: run_id()} if run_id() else {}
    if _tracer is not None and _is_traced():
        context = _current().get_span_context()
        found["traceparent"] = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    return found


@contextmanager
def continued(carried: Mapping[str, str], name: str, **told: Value) -> Iterator[Joined]:
    """Answer a call of another service within its trace, or within a new one. `carried`: the headers."""
    from_others = {"run_id": carried.get(_RUN_HEADER, "")}
    fields = {key: value for key, value in from_others.items() if _RUN_ID.fullmatch(value)}
    if _tracer is None:
        token = bind_on(**fields)
        try:
            yield Joined(None)
        except BaseException as error:
            remember(error)
            raise
        finally:
            unbind(token)
        return
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = TraceContextTextMapPropagator().extract(carried, context=Context())
    here = _tracer.start_span(name, context=parent, kind=_kind("server"), attributes=told)
    token = bind_on(**fields, trace_id=f"{here.get_span_context().trace_id:032x}")
    attached = _attach(here)
    try:
        yield Joined(here)
    except BaseException as error:
        remember(error)
        here.set_attribute(KEEP, "failure")
        _mark(here, error)
        raise
    finally:
        _detach(attached)
        unbind(token)
        here.end()


class Joined:
    """This process' part of a trace that began in another."""

    def __init__(self, here: Span | None) -> None:
        self._span = here

    def tell(self, **told: Value) -> None:
        """Add attributes."""
        if self._span is not None:
            self._span.set_attributes(told)

    def keep(self, why: str) -> None:
        """Export this part, whatever the sampling says."""
        if self._span is not None:
            self._span.set_attribute(KEEP, why)


def _attach(current: Span | None) -> Token[object] | None:
    if current is None:
        return None
    from opentelemetry.context import attach
    from opentelemetry.trace import set_span_in_context

    return attach(set_span_in_context(current))  # type: ignore[return-value]


def _detach(token: Token[object] | None) -> None:
    if token is not None:
        from opentelemetry.context import detach

        detach(token)  # type: ignore[arg-type]


def _current() -> Span:
    from opentelemetry.trace import get_current_span

    return get_current_span()


def _is_traced() -> bool:
    return _current().get_span_context().is_valid


def _mark(failed: Span, error: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    # The messages of our own errors hold no secret; what others say may.
    said = error.message if isinstance(error, AnomalyctlError) else ""
    failed.set_attribute("error.type", getattr(error, "code", "") or type(error).__name__)
    failed.set_status(StatusCode.ERROR, said or type(error).__name__)


def _kind(kind: Kind):  # type: ignore[no-untyped-def]
    from opentelemetry.trace import SpanKind

    return SpanKind[kind.upper()]
