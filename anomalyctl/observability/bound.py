"""What the work of this thread is about: trace, run, function, readings; each line of its log says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final

Value = str | int
_NOTHING: Final[Mapping[str, Value]] = {}
_bound: ContextVar[Mapping[str, Value]] = ContextVar("bound", default=_NOTHING)
_ABOUT: Final = "_anomalyctl_about"


def bound() -> Mapping[str, Value]:
    """Names and values that hold now."""
    return _bound.get()


@contextmanager
def bind(**fields: Value) -> Iterator[None]:
    """Add to what holds, for as long as the block lasts. A pool's thread gets it by `copy_context().run`."""
    token = bind_on(**fields)
    try:
        yield
    except BaseException as error:
        remember(error)
        raise
    finally:
        unbind(token)


def bind_on(**fields: Value) -> Token[Mapping[str, Value]]:
    """The same without an end of its own."""
    return _bound.set({**_bound.get(), **fields})


def remember(error: BaseException) -> None:
    """Note at a failure what it is about: it is often told further out, where nothing of that holds."""
    if not hasattr(error, _ABOUT):
        setattr(error, _ABOUT, _bound.get())


def about(error: BaseException) -> dict[str, Value]:
    """What held where a failure happened, for `bind` around the line that tells of it."""
    return dict(getattr(error, _ABOUT, _NOTHING))


def about_readings(source: str, ids: Sequence[str]) -> dict[str, Value]:
    """Fields of lines about these readings: one by its id, several by number, first and last."""
    if len(ids) == 1:
        return {"source": source, "reading_id": ids[0]}
    ends = {"first_reading_id": ids[0], "last_reading_id": ids[-1]} if ids else {}
    return {"source": source, "readings": len(ids), **ends}


def unbind(token: Token[Mapping[str, Value]]) -> None:
    """Go back to what held before."""
    _bound.reset(token)


def run_id() -> str:
    """The run of a function that this work belongs to; empty outside of one."""
    return str(_bound.get().get("run_id", ""))


def trace_id() -> str:
    """32 hex digits, as W3C Trace Context has them; empty outside of a trace."""
    return str(_bound.get().get("trace_id", ""))


def new_run_id() -> str:
    """16 hex digits."""
    return secrets.token_hex(8)


def new_trace_id() -> str:
    """For a trace that nobody records: its lines belong together all the same."""
    return secrets.token_hex(16)
