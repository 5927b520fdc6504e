"""The trace that the work of this thread belongs to; each line of its log carries the id."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("trace_id", default="")


def trace_id() -> str:
    """32 hex digits, as W3C Trace Context has them; empty outside of a trace."""
    return _current.get()


@contextmanager
def trace(known: str = "") -> Iterator[str]:
    """Begin a trace, or carry on a known one in another thread."""
    token = _current.set(known or secrets.token_hex(16))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
