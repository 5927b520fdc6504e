"""One environment made ready for Terraform: found, alone, noted in the ledger, initialised, its workspace
selected.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from anomalyctl.azure.cloud import cloud_from
from anomalyctl.errors import AnomalyctlError, NotDeployed, PreconditionFailed
from anomalyctl.operations.infrastructure.place import DEFAULT_WORKSPACE, Place, find_place
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.infrastructure.violent_ends import killed
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.backups import Backup, Backups
from anomalyctl.provisioning.binary import find_terraform
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.events import Event
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.failures import failure
from anomalyctl.provisioning.ledger import Ledger, OpenRun
from anomalyctl.provisioning.locks import HeldLock, Lock, judge_lock, lock_in
from anomalyctl.provisioning.plans.kept import PlanShelf
from anomalyctl.provisioning.progression import Progression
from anomalyctl.provisioning.run_ids import correlation_id
from anomalyctl.provisioning.state import State, read_state
from anomalyctl.provisioning.surroundings import terraform_surroundings
from anomalyctl.provisioning.terraform import Terraform
from anomalyctl.provisioning.terraform_process import Finished, Watch
from anomalyctl.provisioning.working_copy import digest_of_setup

_NO_WORKSPACES: Final = "workspaces not supported"


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


@contextlib.contextmanager
def stage(
    command: str,
    request: Request,
    watcher: Watcher = UNWATCHED,
    *,
    make_workspace: bool = False,
    select: bool = True,
    force_init: bool = False,
    clock: Callable[[], datetime] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Stage]:
    """Prepare an environment for the block, and note in the ledger how it ended.

    With `make_workspace` a missing workspace is made, else NotDeployed is raised. Also raises
    UnknownEnvironment, MissingTool, Locked, PreconditionFailed and whatever `terraform init` fails with.
    """
    clock = clock or (lambda: datetime.now(UTC))
    environ = os.environ if environ is None else environ
    place = find_place(request.environment, request.root, environ)
    if place.ours:
        cloud_from(environ)  # a cloud that our files do not fit is refused before anything is done in it
    ledger = Ledger(place.runs, clock)
    with (
        room_in(place),
        alone(place.state / "in-use", environment=place.environment.name, command=command),
        ledger.run(command, place.environment.name, request.arguments) as run,
    ):
        place.refresh()
        prepared = _prepare(place, ledger, run, watcher, request, clock, environ)
        try:
            _initialise(prepared, force=force_init)
            if select:
                _select(prepared, make=make_workspace)
            yield prepared
        except AnomalyctlError as error:
            if not place.ours:  # what is typed next must name the root, too
                error.hint = error.hint.replace("--env ", f"--project {place.source} --env ")
            raise


def _prepare(
    place: Place,
    ledger: Ledger,
    run: OpenRun,
    watcher: Watcher,
    request: Request,
    clock: Callable[[], datetime],
    environ: Mapping[str, str],
) -> Stage:
    binary = find_terraform(
        environ,
        cache=place.project.state / "terraform-version",
        required=Configuration(place.folder).required_versions,
    )
    surroundings = terraform_surroundings(
        environ,
        data_dir=place.data_dir,
        correlation_id=correlation_id(run.id),
        subscription_id=place.subscription_id,
        tenant_id=place.environment.tenant_id,
    )
    for sentence in surroundings.sentences():
        watcher.warn(sentence)
    terraform = Terraform(
        binary=binary,
        folder=place.folder,
        surroundings=surroundings,
        environment=place.environment.name,
        run=run,
        lock_timeout_s=request.lock_timeout_s,
    )
    prepared = Stage(place, terraform, ledger, run, watcher, place.workspace, clock, environ)
    terraform.watch = Watch(
        event=lambda event: _heard(prepared, event),
        tick=lambda: watcher.tick(prepared.progression),
        notice=watcher.warn,
    )
    return prepared


def _heard(prepared: Stage, event: Event) -> None:
    moved = prepared.progression.take(event, monotonic())
    if moved is not None:
        if moved.state == "done" and moved.took_s is not None:
            prepared.run.note_safely(
                "resource",
                address=moved.address,
                resource_type=moved.resource_type,
                action=moved.action,
                elapsed_s=moved.took_s,
                id=moved.resource_id,
            )
        elif moved.state != "done":
            prepared.run.note_safely("resource_" + moved.state, address=moved.address, action=moved.action)
        prepared.watcher.moved(prepared.progression, moved)


def _initialise(prepared: Stage, *, force: bool) -> None:
    place = prepared.place
    backend_files = place.backend_files(prepared.environ)
    parts = [str(prepared.terraform.binary.path).encode(), str(place.folder).encode()]
    parts += [file.read_bytes() for file in backend_files]
    mark = place.state / "initialised"
    if not force and place.data_dir.is_dir() and _text(mark) == digest_of_setup(place.folder, also=parts):
        return
    prepared.watcher.step("Initialising Terraform: backend, providers, modules")
    prepared.check(prepared.terraform.init(backend_files=backend_files))
    mark.write_text(digest_of_setup(place.folder, also=parts), encoding="utf-8")


def _select(prepared: Stage, *, make: bool) -> None:
    wanted, terraform = prepared.workspace, prepared.terraform
    selected = _text(prepared.place.data_dir / "environment").strip() or DEFAULT_WORKSPACE
    if selected == wanted:
        return
    finished = terraform.select_workspace(wanted)
    if finished.ok:
        return
    told = " ".join(one.text for one in finished.diagnostics)
    if _NO_WORKSPACES in told:
        prepared.workspace = DEFAULT_WORKSPACE
        return
    if "doesn't exist" not in told and "does not exist" not in told:
        prepared.check(finished)
    if not make:
        raise NotDeployed(
            f"There is no workspace {wanted}: {prepared.place.environment.name} is not deployed.",
            hint=f"Deploy it: anomalyctl deploy --env {prepared.place.environment.name}",
        )
    prepared.watcher.step(f"Making the workspace {wanted}")
    prepared.check(terraform.new_workspace(wanted))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
