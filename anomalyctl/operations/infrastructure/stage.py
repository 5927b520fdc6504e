"""One environment made ready for Terraform, for the time of one command: what an operation has at hand, and
what a Terraform that ended badly means.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from anomalyctl.errors import AnomalyctlError, PreconditionFailed
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.violent_ends import killed
from anomalyctl.operations.infrastructure.watching import Watcher
from anomalyctl.provisioning.backups import Backup, Backups
from anomalyctl.provisioning.failures import failure
from anomalyctl.provisioning.ledger import Ledger, OpenRun
from anomalyctl.provisioning.locks import HeldLock, Lock, judge_lock, lock_in
from anomalyctl.provisioning.plans.kept import PlanShelf
from anomalyctl.provisioning.progression import Progression
from anomalyctl.provisioning.state import State, read_state
from anomalyctl.provisioning.terraform import Terraform
from anomalyctl.provisioning.terraform_process import Finished


@dataclass(frozen=True, slots=True)
class Request:
    """What every command says: where, and how the command line was, for the ledger."""

    environment: str
    root: Path | None = None
    arguments: tuple[str, ...] = ()
    lock_timeout_s: int = 0


@dataclass(slots=True)
class Stage:
    """Everything that an operation needs. Times are given by `clock`."""

    place: Place
    terraform: Terraform
    ledger: Ledger
    run: OpenRun
    watcher: Watcher
    workspace: str
    clock: Callable[[], datetime]
    environ: Mapping[str, str]
    progression: Progression = field(default_factory=Progression)

    @property
    def shelf(self) -> PlanShelf:
        """The environment's kept plans."""
        return PlanShelf(self.place.state / "plans")

    @property
    def backups(self) -> Backups:
        """The environment's copies of its state."""
        return Backups(self.place.state / "backups")

    @property
    def errored_state(self) -> Path:
        """Where Terraform leaves a state that the backend did not take."""
        return self.place.folder / "errored.tfstate"

    def require_no_errored_state(self) -> None:
        """Raise PreconditionFailed where an earlier state waits: another apply would fork it."""
        if self.errored_state.is_file():
            raise PreconditionFailed(
                f"An earlier apply could not write its state, which waits in {self.errored_state}.",
                hint=f"Bring it in first: anomalyctl state push {self.errored_state} "
                f"--env {self.place.environment.name}",
            )

    def pull(self) -> tuple[State, bytes]:
        """The state now."""
        text = self.terraform.pull_state()
        return read_state(text), text

    def back_up(self) -> tuple[State, Backup | None]:
        """The state now, and a copy of it; none where it is empty. Raises PreconditionFailed where it
        cannot.
        """
        state, text = self.pull()
        if not text.strip() or (state.is_empty and not state.serial):
            return state, None
        backup = self.backups.keep(text, serial=state.serial, now=self.clock())
        self.run.note("backup", name=backup.name, serial=state.serial)
        return state, backup

    def check(self, finished: Finished, *, changes_are_fine: bool = False) -> Finished:
        """`finished`, where it ended well. Raises what its failure means, or the signal that ended it."""
        if finished.ended.signal_number is not None and finished.ended.interrupts:
            self._tell_what_was_in_flight()
            if finished.ended.interrupts == 1 and finished.ended.exit_code >= 0:
                self.watcher.warn(
                    "Stopped: the state is written and the lock released. Run it again, it resumes"
                )
            self._leave(finished.ended.signal_number)
        if finished.ok or (changes_are_fine and finished.ended.exit_code == 2):
            return finished
        if finished.ended.exit_code < 0:
            raise killed(finished, terraform=self.terraform, progression=self.progression, run=self.run)
        error = failure(
            finished.command,
            finished.diagnostics,
            environment=self.place.environment.name,
            exit_code=finished.ended.exit_code,
        )
        error.details["run"] = self.run.id
        if error.exit_code == 5:
            self._say_who_holds_it(error)
        raise error

    def held_lock(self) -> HeldLock | None:
        """The lock that stands in the way now, judged; None where it can be taken. Takes it for a moment."""
        text = self.terraform.probe_lock()
        lock = lock_in(text) if text else None
        return self._judged(lock) if lock else None

    def _judged(self, lock: Lock) -> HeldLock:
        others = [run for run in self.ledger.runs() if run.id != self.run.id]
        return judge_lock(lock, self.place.environment.name, others)

    def _say_who_holds_it(self, error: AnomalyctlError) -> None:
        lock = lock_in("\n".join(error.details.get("original", ())))
        if lock is None:
            return
        held = self._judged(lock)
        error.details["lock"] = asdict(held)
        who = f" by {lock.who}" if lock.who else ""
        since = f" since {lock.created:%Y-%m-%d %H:%M:%S} UTC" if lock.created else ""
        what = f" for {lock.operation}" if lock.operation else ""
        error.message = f"The state is locked{who}{what}{since}: {held.liveness}, {held.reason}."

    def _tell_what_was_in_flight(self) -> None:
        for one in self.progression.failed:
            self.watcher.warn(f"{one.address} was interrupted")
        for one in self.progression.in_flight:
            self.watcher.warn(f"{one.address} was in flight: look at it with `anomalyctl plan`")

    def _leave(self, signal_number: int) -> None:
        if signal_number == signal.SIGINT:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGTERM)
        raise KeyboardInterrupt  # where nobody handles SIGTERM
