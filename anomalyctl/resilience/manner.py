"""In what manner the calls of a block are made: behind those that somebody waits for, or once and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_BACKGROUND: ContextVar[bool] = ContextVar("background", default=False)
_ONCE: ContextVar[bool] = ContextVar("once", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Nobody waits for what the block does: its calls take the places that guards keep for such work.

    Threads that are started within a copy of the context inherit it.
    """
    before = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(before)


@contextmanager
def once() -> Iterator[None]:
    """No guard repeats a call of the block: the answer may be lost though the deed was done, or the caller
    comes again by itself.
    """
    before = _ONCE.set(True)
    try:
        yield
    finally:
        _ONCE.reset(before)


def is_in_background() -> bool:
    """Whether nobody waits for the calls made here."""
    return _BACKGROUND.get()


def is_once() -> bool:
    """Whether the calls made here may not be repeated."""
    return _ONCE.get()
