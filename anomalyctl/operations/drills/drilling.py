"""The three disasters, each by the steps of its runbook, and the balance afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from anomalyctl.errors import InvalidInput
from anomalyctl.local.environment import COSMOS
from anomalyctl.operations.drills.model import DRILLS, Drill, DrillName, DrillStep
from anomalyctl.operations.drills.place import drill_plant
from anomalyctl.operations.drills.plant import STEP, DrillPlant
from anomalyctl.operations.drills.runbooks import RUNBOOKS
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.project import Project

READINGS: Final = 360
"""Before the disaster; as many come while it lasts, or after it."""
_FAULT: Final = "level-shift:INJECTION_PRESSURE@40m+5mx40"


@dataclass
class Rehearsal:
    """One drill under way."""

    name: DrillName
    plant: DrillPlant
    begin: datetime
    progress: Progress
    steps: list[DrillStep] = field(default_factory=list)
    struck_at: float = 0.0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One step of the runbook, timed."""
        self.progress.step(what)
        begun = time.monotonic()
        yield
        self.steps.append(DrillStep(what, time.monotonic() - begun))
        self.progress.done(what)

    def paragraph(self, number: int) -> None:
        """The lines of a paragraph of the runbook, typed one after the other."""
        for step in RUNBOOKS[self.name][number]:
            if not step.typed:
                self.steps.append(DrillStep(step.line, 0.0, not_here=step.not_here))
                continue
            self.progress.step(step.typed)
            begun = time.monotonic()
            self.plant.type(step.typed, step.exits)
            self.steps.append(DrillStep(step.line, time.monotonic() - begun, command=step.typed))
            self.progress.done(step.typed)

    @property
    def middle(self) -> datetime:
        """When the disaster strikes, in the readings' own time."""
        return self.begin + READINGS * STEP


def drill(
    project: Project, name: str, *, progress: Progress = SILENCE, now: Callable[[], datetime] | None = None
) -> Drill:
    """Rehearse one disaster in an environment of its own. Raises InvalidInput for a name that is no drill."""
    known = next((one for one in DRILLS if one == name), None)
    if known is None:
        raise InvalidInput(f"There is no drill {name}.", field="NAME", hint=f"Known: {', '.join(DRILLS)}.")
    at = (now or (lambda: datetime.now(UTC)))()
    with drill_plant(project, known, progress) as plant:
        rehearsal = Rehearsal(known, plant, at - 3 * READINGS * STEP, progress)
        with rehearsal.step("An hour of readings is sent and judged"):
            plant.send(rehearsal.begin, READINGS, fault=_FAULT)
            plant.wait_until_judged()
        before = plant.episodes()
        _DISASTERS[known](rehearsal)
        recovered = time.monotonic() - rehearsal.struck_at
        balance = plant.balance(before)
    return Drill(
        name=known,
        disaster=DRILLS[known],
        steps=tuple(rehearsal.steps),
        recovered_after_s=recovered,
        balance=balance,
        passed=balance.holds and before > 0,
        runbook=f"docs/runbooks/{known}.md",
    )


def _database_failure(rehearsal: Rehearsal) -> None:
    plant = rehearsal.plant
    rehearsal.struck_at = time.monotonic()
    with rehearsal.step("The database is killed, and an hour of readings arrives meanwhile"):
        plant.kill(COSMOS)
        plant.send(rehearsal.middle, READINGS)
    for number in (1, 2, 3, 4, 5):
        rehearsal.paragraph(number)
    plant.connect()


def _regional_outage(rehearsal: Rehearsal) -> None:
    plant, half = rehearsal.plant, READINGS // 2
    plant.send(rehearsal.middle, half)
    rehearsal.struck_at = time.monotonic()
    with rehearsal.step("Every process is killed while readings wait, and the sender keeps what comes next"):
        plant.kill_everything()
        plant.keep_for_later(rehearsal.middle + half * STEP, half, "kept-readings.jsonl")
    for number in (1, 3, 4, 5, 6):
        rehearsal.paragraph(number)
    plant.connect()


def _data_corruption(rehearsal: Rehearsal) -> None:
    plant = rehearsal.plant
    copy = plant.home / "point-in-time.sqlite3"
    with rehearsal.step("The database as it is now is kept: the point in time"):
        plant.copy_database(copy)
    with rehearsal.step("Another hour of readings is judged after it"):
        plant.send(rehearsal.middle, READINGS)
        plant.wait_until_judged()
    rehearsal.struck_at = time.monotonic()
    with rehearsal.step("An hour of verdicts and the episode are deleted by mistake"):
        plant.delete_by_mistake(rehearsal.begin, rehearsal.middle)
    for number in (1, 2, 3):
        rehearsal.paragraph(number)
    with rehearsal.step("The database is put back as it was at the point in time"):
        plant.restore_database(copy)
    for number in (4, 5, 6):
        rehearsal.paragraph(number)
    plant.wait_until_judged()


_DISASTERS: Final[dict[DrillName, Callable[[Rehearsal], None]]] = {
    "database-failure": _database_failure,
    "regional-outage": _regional_outage,
    "data-corruption": _data_corruption,
}
