"""Progress for people: a live line on a terminal, one line a change elsewhere, nothing with --quiet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from anomalyctl.cli.console import talk
from anomalyctl.cli.invocation import current
from anomalyctl.operations.progress import SILENCE, Progress

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.status import Status


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A listener for the operation inside the `with`; closes its live line at the end."""
    if current.quiet:
        yield SILENCE
    elif talk().is_terminal:
        with talk().status("…") as status:
            yield _Live(status)
    else:
        yield _Lines()


def plain_progress() -> Progress:
    """A listener without a live line, for work whose results come one by one."""
    return SILENCE if current.quiet else _Lines()


class _Live:
    """A spinner with the present step; what is done stays above it."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def step(self, text: str) -> None:
        self._status.update(_escaped(text))

    def done(self, text: str) -> None:
        talk().print(f"[good](✓) Done[/good] {_escaped(text)}")

    def warn(self, text: str) -> None:
        talk().print(f"[warning](!) Warning[/warning] {_escaped(text)}")

    def advance(self, done: int, total: int, text: str) -> None:
        self._status.update(_bar(done, total, text) if total else f"{_escaped(text)} {done:,}")


class _Lines:
    """One line a change; of a long count only each tenth is told."""

    def __init__(self) -> None:
        self._told = (-1, "")

    def step(self, text: str) -> None:
        talk().print(_escaped(text))

    def done(self, text: str) -> None:
        talk().print(f"(✓) Done {_escaped(text)}")

    def warn(self, text: str) -> None:
        talk().print(f"(!) Warning {_escaped(text)}")

    def advance(self, done: int, total: int, text: str) -> None:
        tenth = 10 * done // total if total else 0
        if (tenth, text) != self._told:
            self._told = (tenth, text)
            talk().print(f"{_escaped(text)} {_amount(done, total)}")


def _bar(done: int, total: int, text: str) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_row(Text(text), ProgressBar(total=total, completed=done, width=30), Text(_amount(done, total)))
    return row


def _amount(done: int, total: int) -> str:
    return f"{done:,} of {total:,}" if total else f"{done:,}"


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
