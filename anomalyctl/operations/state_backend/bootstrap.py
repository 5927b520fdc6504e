"""Make the storage account that keeps the Terraform state, or find that it is already as it should be."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.azure.backend import (
    StateAccount,
    backend_configuration,
    backend_file,
    write_backend_file,
)
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.session import open_session, require_subscription
from anomalyctl.azure.sign_in import Principal
from anomalyctl.environments import Environment
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.state_backend import making
from anomalyctl.operations.state_backend.access import ONE_PROBE, wait_for_access
from anomalyctl.project import Project


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was looked at, and what was done to it."""

    what: str
    done: making.Done


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """The state's home after a bootstrap. `changed` is false where everything was already as it should be."""

    environment: str
    subscription_id: str
    resource_group: str
    storage_account: str
    container: str
    principal: str
    backend_file: Path
    changed: bool
    changes: tuple[Change, ...]
    waited_s: float
    """How long the role took to reach the blobs, in seconds."""


def bootstrap_state_backend(
    environment: Environment,
    *,
    project: Project,
    progress: Progress = SILENCE,
    environ: Mapping[str, str] | None = None,
    correlation_id: str = "",
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Bootstrapped:
    """Make what is missing and nothing else, wait until blobs can be read and written, keep the file.

    Interrupted, it may be run again. Raises PreconditionFailed (another subscription, a name that is taken, a
    firewall), SignInFailed, NotAllowed, TimedOut, Transient.
    """
    environ = os.environ if environ is None else environ
    with open_session(environment, environ, sleep=sleep) as session:
        account = session.account
        principal = session.principal()
        with session.resource_manager(correlation_id=correlation_id) as manager:
            require_subscription(manager, session.subscription, principal)
            changes = [_change(what, make, progress) for what, make in _steps(manager, account, principal)]
        progress.step("Waiting until the state's blobs can be read and written")
        with session.state_blobs(ONE_PROBE) as blobs:
            waited_s = wait_for_access(blobs, sleep=sleep, clock=clock)
    written = write_backend_file(project, environment, backend_configuration(environment, environ))
    changes.append(Change("the backend's file", "updated" if written else "unchanged"))
    return Bootstrapped(
        environment=environment.name,
        subscription_id=account.subscription_id,
        resource_group=account.resource_group,
        storage_account=account.name,
        container=account.container,
        principal=principal.name,
        backend_file=backend_file(project, environment),
        changed=any(change.done != "unchanged" for change in changes),
        changes=tuple(changes),
        waited_s=round(waited_s, 1),
    )


def _change(what: str, make: Callable[[], making.Done], progress: Progress) -> Change:
    progress.step(f"Looking at {what}")
    done = make()
    if done != "unchanged":
        progress.done(f"{done.capitalize()}: {what}")
    return Change(what, done)


def _steps(
    manager: ResourceManager, account: StateAccount, principal: Principal
) -> tuple[tuple[str, Callable[[], making.Done]], ...]:
    """In the order in which each needs the one before; the lock comes last, for it binds what follows."""
    return (
        ("resource provider Microsoft.Storage", lambda: making.resource_provider(manager, account)),
        (f"resource group {account.resource_group}", lambda: making.resource_group(manager, account)),
        (f"storage account {account.name}", lambda: making.storage_account(manager, account)),
        ("versions and soft delete of blobs", lambda: making.blob_service(manager, account)),
        (f"container {account.container}", lambda: making.container(manager, account)),
        (
            f"role of {principal.name} on the container",
            lambda: making.role_assignment(manager, account, principal),
        ),
        ("lock against deletion", lambda: making.deletion_lock(manager, account)),
    )
