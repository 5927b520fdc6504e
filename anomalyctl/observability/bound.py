"""What the work of this thread is about: its trace, its run, its function; each line of its log says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final

_NOTHING: Final[Mapping[str, str]] = {}
_bound: ContextVar[Mapping[str, str]] = ContextVar("bound", default=_NOTHING)


def bound() -> Mapping[str, str]:
    """Names and values that hold now."""
    return _bound.get()


@contextmanager
def bind(**fields: str) -> Iterator[None]:
    """Add to what holds, for as long as the block lasts. A pool's thread gets it by `copy_context().run`."""
    token = bind_on(**fields)
    try:
        yield
    finally:
        unbind(token)


def bind_on(**fields: str) -> Token[Mapping[str, str]]:
    """The same without an end of its own."""
    return _bound.set({**_bound.get(), **fields})


def unbind(token: Token[Mapping[str, str]]) -> None:
    """Go back to what held before."""
    _bound.reset(token)


def run_id() -> str:
    """The run of a function that this work belongs to; empty outside of one."""
    return _bound.get().get("run_id", "")


def trace_id() -> str:
    """32 hex digits, as W3C Trace Context has them; empty outside of a trace."""
    return _bound.get().get("trace_id", "")


def new_run_id() -> str:
    """16 hex digits."""
    return secrets.token_hex(8)


def new_trace_id() -> str:
    """For a trace that nobody records: its lines belong together all the same."""
    return secrets.token_hex(16)
