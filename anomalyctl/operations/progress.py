"""How long work tells what it is doing, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A listener. Texts are one line, in the present tense for `step`, the past tense for `done`."""

    def step(self, text: str) -> None:
        """Something starts."""

    def done(self, text: str) -> None:
        """Something ended well."""

    def warn(self, text: str) -> None:
        """Something needs attention, and the work goes on."""

    def advance(self, done: int, total: int, text: str) -> None:
        """`done` of `total` items; total 0 means that it is not known."""


class Silence:
    """Nobody listens: the default for library use and tests."""

    def step(self, text: str) -> None:
        """Ignore."""

    def done(self, text: str) -> None:
        """Ignore."""

    def warn(self, text: str) -> None:
        """Ignore."""

    def advance(self, done: int, total: int, text: str) -> None:
        """Ignore."""


SILENCE: Progress = Silence()
