"""The only two Rich consoles. Results go to stdout, talk and errors to stderr: `--output json` must parse."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

STYLES = {
    "good": "green",
    "warning": "yellow",
    "bad": "bold red",
    "hint": "dim",
    "severity.critical": "bold white on red",
    "severity.high": "bold red",
    "severity.medium": "yellow",
    "severity.low": "cyan",
}
"""The one theme: views name meanings, never colours."""
_WIDE = 400
"""Columns where the output is piped: a table that another program reads is never cut."""


@cache
def out() -> Console:
    """For results: stdout."""
    return _console(stderr=False)


@cache
def talk() -> Console:
    """For talk, progress and errors: stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console
    from rich.theme import Theme

    stream = sys.stderr if stderr else sys.stdout
    piped = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        stderr=stderr,
        theme=Theme(STYLES),
        highlight=False,
        emoji=False,  # `:x:` in a name is no picture
        width=_WIDE if piped else None,
    )
