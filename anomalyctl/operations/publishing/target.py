"""Where code is published to: one deployed environment, signed in to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.azure.failures import NotAllowed
from anomalyctl.azure.marks import mark_published
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.session import Session, open_session
from anomalyctl.azure.transfer import Transfer
from anomalyctl.errors import NotDeployed
from anomalyctl.operations.deployed_state import Deployed
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.progress import Progress
from anomalyctl.provisioning.ledger import OpenRun


@dataclass(frozen=True, slots=True)
class Target:
    """What publishing one part needs."""

    place: Place
    where: Deployed
    session: Session
    manager: ResourceManager
    signed: Transfer
    """Carries the identity: for publishing addresses."""
    open: Transfer
    """Carries nothing: for addresses that hold their own permission."""
    run: OpenRun
    progress: Progress
    environ: Mapping[str, str]
    work: Path
    """A folder for packages; gone afterwards."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    @property
    def services(self) -> Path:
        """The deployables of the project."""
        return self.place.project.services

    def mark(self, resource_id: str, digest: str) -> None:
        """Note on the resource what was published to it; where that is not allowed, only say so."""
        try:
            mark_published(self.manager, resource_id, digest)
        except NotAllowed as error:
            self.progress.warn(
                f"It is published, and could not be noted there, so the same is sent again: {error.message}"
            )

    def resource(self, *addresses: str) -> str:
        """Azure's id of the first of these Terraform addresses that stands. Raises NotDeployed."""
        for address in addresses:
            if found := self.where.ids.get(address):
                return found
        raise NotDeployed(
            f"{self.where.environment} has no {addresses[0]}.",
            hint=f"Run: anomalyctl deploy --env {self.where.environment}",
        )


@contextmanager
def opened_target(
    place: Place,
    where: Deployed,
    run: OpenRun,
    progress: Progress,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
) -> Iterator[Target]:
    """Sign in, and close everything afterwards. Raises SignInFailed and PreconditionFailed."""
    from tempfile import TemporaryDirectory

    with (
        open_session(place.environment, environ, sleep=sleep) as session,
        session.resource_manager(correlation_id=_correlation(run)) as manager,
        Transfer(
            session.cloud, session.credential, f"{session.cloud.audience}/.default", sleep=sleep
        ) as signed,
        Transfer(session.cloud, sleep=sleep) as unsigned,
        TemporaryDirectory(prefix="anomalyctl-publish-") as work,
    ):
        session.principal()
        yield Target(
            place, where, session, manager, signed, unsigned, run, progress, environ, Path(work), sleep
        )


def _correlation(run: OpenRun) -> str:
    from anomalyctl.provisioning.run_ids import correlation_id

    return correlation_id(run.id)
