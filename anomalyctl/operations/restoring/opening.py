"""Who restores what: the environment, its journal, and Azure, signed in to, alone and noted in the ledger."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.deployed import deployed, forget
from anomalyctl.operations.environment import require_azure
from anomalyctl.operations.infrastructure.place import Place, find_place
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import Unwatched
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.publishing.target import Target, opened_target
from anomalyctl.operations.restoring.journal import Journal
from anomalyctl.operations.restoring.terraform_knows import commands, put_in_place
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.ledger import Ledger


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Restoring:
    """Whose restore, and who listens."""

    environment: str
    arguments: Sequence[str] = ()
    progress: Progress = SILENCE
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = _now

    def place(self) -> Place:
        """Where its files are. Raises PreconditionFailed for `local`."""
        place = find_place(self.environment, None, self.environ)
        require_azure(place.environment, "restore")
        return place

    def journal(self) -> Journal:
        """What was begun."""
        return Journal(self.place().state / "restore.json")

    def second(self) -> str:
        """Now, as the journal has it."""
        return second(self.clock())


def second(instant: datetime) -> str:
    """ISO 8601 in UTC, to the second: what Azure restores to."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def alone_with(restoring: Restoring) -> Iterator[None]:
    """Nobody else on this machine works on the environment meanwhile. Raises Locked with who does."""
    place = restoring.place()
    with (
        room_in(place),
        alone(place.state / "in-use", environment=restoring.environment, command="restore"),
        Ledger(place.runs, restoring.clock).run("restore", restoring.environment, restoring.arguments),
    ):
        yield


@contextmanager
def opened(restoring: Restoring) -> Iterator[Target]:
    """The environment as it is deployed, for one step. Raises what signing in and reading a state raise."""
    place = restoring.place()
    where = deployed(restoring.environment, environ=restoring.environ, refresh=True)
    ledger = Ledger(place.runs, restoring.clock)
    with (
        room_in(place),
        alone(place.state / "in-use", environment=restoring.environment, command="restore"),
        ledger.run("restore", restoring.environment, restoring.arguments) as run,
        opened_target(place, where, run, restoring.progress, restoring.environ, restoring.sleep) as target,
    ):
        yield target


def tell_terraform(restoring: Restoring, account: str, wanted: Mapping[str, str], *, option: str = "") -> str:
    """Have Terraform's state hold what serves; the name of the copy of the state from before.

    Whatever is raised tells in `details` how it is done by hand. `option` is that of the command under way.
    """
    again = " ".join(["anomalyctl restore cosmos", *([option] * bool(option))])
    again += f" --env {restoring.environment}"
    request = Request(restoring.environment, arguments=tuple(restoring.arguments))
    try:
        with stage("restore", request, _Watching(restoring.progress), environ=restoring.environ) as prepared:
            return put_in_place(prepared, account, wanted)
    except BaseException as error:
        restoring.progress.warn(
            f"The services read {account}, and Terraform does not know it yet, so nothing is planned or "
            f"applied until {again} has ended well"
        )
        if isinstance(error, AnomalyctlError):
            # The last one finds nothing left to do, and ends the restore.
            error.details["by_hand"] = [*commands(restoring.environment, wanted), again]
            error.hint = f"{error.hint} Then: {again}".strip()
        raise
    finally:
        forget(restoring.environment)


class _Watching(Unwatched):
    """Terraform's steps, told among the others."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, text: str) -> None:
        """Something starts."""
        self._progress.step(text)

    def warn(self, text: str) -> None:
        """Something needs attention."""
        self._progress.warn(text)
