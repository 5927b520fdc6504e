"""Release a lock that a dead run left behind; a living one is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from anomalyctl.errors import Locked, PreconditionFailed
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.locks import HeldLock


@dataclass(frozen=True, slots=True)
class Unlocking:
    """What was found in the way, and whether it is gone."""

    environment: str
    was_locked: bool
    released: bool
    lock: HeldLock | None
    run: str


def unlock_state(
    request: Request,
    *,
    confirm: Callable[[HeldLock, str], None],
    force: bool = False,
    lock_id: str | None = None,
    watcher: Watcher = UNWATCHED,
) -> Unlocking:
    """Release the lock where its run is dead; any other only with `force`, and after `confirm`.

    `confirm` is asked, with the environment's name, before anything is released; it raises Declined.
    Raises Locked for a lock that is not known to be stale, PreconditionFailed where `lock_id` is not the
    one that is held.
    """
    with stage("state unlock", request, watcher) as prepared:
        environment = prepared.place.environment.name
        held = prepared.held_lock()
        if held is None:
            return Unlocking(environment, False, False, None, prepared.run.id)
        if lock_id is not None and held.lock.id and lock_id != held.lock.id:
            raise PreconditionFailed(
                f"The lock that is held has the id {held.lock.id}.", hint="Nothing was released."
            )
        if held.liveness != "stale" and not force:
            raise Locked(
                f"The lock is {held.liveness}: {held.reason}.",
                hint=f"When its run is known to be dead: anomalyctl state unlock --force --env {environment}",
                details={"lock": asdict(held)},
            )
        confirm(held, environment)
        if held.lock.metadata_missing:
            _break_lease(prepared)
        else:
            prepared.check(prepared.terraform.force_unlock(held.lock.id))
        prepared.run.note("unlocked", lock_id=held.lock.id, liveness=held.liveness)
        still = prepared.held_lock()
        return Unlocking(environment, True, still is None, held, prepared.run.id)


def _break_lease(prepared: Stage) -> None:
    """End the lease itself: Terraform refuses to release a lock that it cannot read."""
    from anomalyctl.azure.backend import environment_of_backend
    from anomalyctl.azure.session import open_session

    environment = environment_of_backend(prepared.place.project, prepared.place.environment)
    with (
        open_session(environment, environ=prepared.environ) as session,
        session.state_blobs() as blobs,
    ):
        blobs.break_lease(prepared.workspace)
