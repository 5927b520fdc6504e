"""What publishing did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Part = Literal["detectors", "functions", "dashboard"]
Outcome = Literal["published", "unchanged"]
PARTS: Final[tuple[Part, ...]] = ("detectors", "functions", "dashboard")
"""In the order of publishing: the functions ask the detectors, the dashboard shows what both made."""


@dataclass(frozen=True, slots=True)
class PublishedPart:
    """One part, published."""

    name: Part
    outcome: Outcome
    version: str
    """A commit, or the digest of content that is not committed."""
    committed: bool
    what: str
    """The image, or the app that runs it."""
    health: str
    """What its health path said, or why it could not be asked from here."""
    healthy: bool | None
    """None where it could not be asked from here."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """All parts that were asked for."""

    environment: str
    run: str
    parts: tuple[PublishedPart, ...]


def outcome_of(unchanged: bool) -> Outcome:
    """The word for it."""
    return "unchanged" if unchanged else "published"
