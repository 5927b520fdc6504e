"""The three disasters, each by the steps of its runbook, and the balance afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from anomalyctl.errors import InvalidInput
from anomalyctl.local.environment import COSMOS
from anomalyctl.operations.drills.model import DRILLS, Drill, DrillName, DrillStep
from anomalyctl.operations.drills.plant import SOURCE, STEP, DrillPlant, drill_plant
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.replay import replay
from anomalyctl.operations.replay_spans import Span
from anomalyctl.project import Project

READINGS: Final = 360
"""Before the disaster; as many come while it lasts, or after it."""
_FAULT: Final = "level-shift:INJECTION_PRESSURE@40m+5mx40"


@dataclass
class Rehearsal:
    """One drill under way."""

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
        rehearsal = Rehearsal(plant, at - 3 * READINGS * STEP, progress)
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
    with rehearsal.step("deploy: what died is started, what waits is judged"):
        plant.bring_up()
        plant.wait_until_judged()


def _regional_outage(rehearsal: Rehearsal) -> None:
    plant = rehearsal.plant
    plant.send(rehearsal.middle, READINGS)
    rehearsal.struck_at = time.monotonic()
    with rehearsal.step("Every process is killed while an hour of readings waits"):
        plant.kill_everything()
    with rehearsal.step("deploy: the whole environment from what was kept"):
        plant.bring_up()
    with rehearsal.step("status --wait: all that was accepted is judged"):
        plant.wait_until_judged()


def _data_corruption(rehearsal: Rehearsal) -> None:
    plant = rehearsal.plant
    copy = plant.project.state / "point-in-time.sqlite3"
    with rehearsal.step("The database as it is now is kept: the point in time"):
        plant.copy_database(copy)
    with rehearsal.step("Another hour of readings is judged after it"):
        plant.send(rehearsal.middle, READINGS)
        plant.wait_until_judged()
    rehearsal.struck_at = time.monotonic()
    with rehearsal.step("An hour of verdicts is deleted by mistake"):
        plant.delete_verdicts(rehearsal.begin, rehearsal.middle)
    with rehearsal.step("restore: the database from the point in time"):
        plant.restore_database(copy)
    with rehearsal.step("replay --write: what was judged after that point, again from the window"):
        later = Span(rehearsal.middle, rehearsal.middle + READINGS * STEP + timedelta(seconds=1))
        replay(plant.reach, later, source=SOURCE, write=True, now=datetime.now(UTC))
        plant.wait_until_judged()


_DISASTERS: Final[dict[DrillName, Callable[[Rehearsal], None]]] = {
    "database-failure": _database_failure,
    "regional-outage": _regional_outage,
    "data-corruption": _data_corruption,
}
