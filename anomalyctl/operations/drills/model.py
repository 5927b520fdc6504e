"""What a drill did and found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

DrillName = Literal["database-failure", "regional-outage", "data-corruption"]
DRILLS: Final[dict[DrillName, str]] = {
    "database-failure": "The database is killed while readings arrive.",
    "regional-outage": "Everything is killed at once, and brought up again from what was kept.",
    "data-corruption": "An hour of verdicts and an episode are deleted by mistake.",
}


@dataclass(frozen=True, slots=True)
class DrillStep:
    """One step: what happens, or a line of the runbook."""

    what: str
    took_s: float
    command: str = ""
    """As it was typed on this machine; "" for what no command of ours does."""
    not_here: str = ""
    """Why this line of the runbook was not typed on this machine; "" where it was."""


@dataclass(frozen=True, slots=True)
class DrillBalance:
    """Readings that were accepted against what is kept of them afterwards."""

    accepted: int
    verdicts: int
    dead_letters: int
    lost: int
    twice: int
    episodes_before: int
    episodes_after: int

    @property
    def holds(self) -> bool:
        """Nothing lost, nothing twice, no episode gone."""
        whole = self.accepted == self.verdicts + self.dead_letters
        return whole and not self.lost and not self.twice and self.episodes_after >= self.episodes_before


@dataclass(frozen=True, slots=True)
class Drill:
    """One rehearsal."""

    name: DrillName
    disaster: str
    steps: tuple[DrillStep, ...]
    recovered_after_s: float
    """From the disaster until all is judged again: the recovery time that was needed."""
    balance: DrillBalance
    passed: bool
    runbook: str
