"""`rollout` and `rollback` of an environment: signed in, alone, noted in the ledger, and guarded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from anomalyctl.azure.traffic import Traffic
from anomalyctl.errors import NotFound, PreconditionFailed
from anomalyctl.operations.azure_connections import AzureConnections
from anomalyctl.operations.connections import connect
from anomalyctl.operations.deployed import deployed
from anomalyctl.operations.environment import require_azure
from anomalyctl.operations.infrastructure.place import find_place
from anomalyctl.operations.infrastructure.published_tag import keep_tag
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.publishing.detectors import image_named, image_of_checkout
from anomalyctl.operations.publishing.target import Target, opened_target
from anomalyctl.operations.rollout.guard import guarded
from anomalyctl.operations.rollout.journal import Journal
from anomalyctl.operations.rollout.probing import Probe
from anomalyctl.operations.rollout.returning import return_to_old
from anomalyctl.operations.rollout.rolling_out import Plan, RolledOut, RollingOut
from anomalyctl.operations.rollout.weighing import DIFFERENT
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.ledger import Ledger
from anomalyctl.resilience.policies import DETECTORS

_APP = "azurerm_container_app.detectors"


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The image that serves again."""

    environment: str
    run: str
    image: str
    took_back: str
    """The image that served, or was on its way, before."""


def roll_out_detectors(
    environment_name: str,
    *,
    tag: str | None = None,
    canary: int = 10,
    watch: timedelta = timedelta(minutes=15),
    different: float = DIFFERENT,
    arguments: Sequence[str] = (),
    progress: Progress = SILENCE,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RolledOut:
    """Bring an image (that of this checkout unless a tag is named) to the detectors, by degrees.

    Raises what `RollingOut.roll_out` raises, PreconditionFailed for `local` and where there are no readings
    to compare with, NotFound for a tag that the registry has not got, and what signing in raises.
    """
    with _opened("rollout", environment_name, arguments, progress, environ, sleep) as (target, journal):
        image = image_named(target, tag) if tag else image_of_checkout(target)
        connections = connect(environment_name, environ=environ)
        if not isinstance(connections, AzureConnections):
            raise PreconditionFailed(f"{environment_name} has no revisions.")
        store = connections.readings
        if canary and not store.sources():
            raise PreconditionFailed(
                "There are no readings that the two revisions could be compared with.",
                hint=f"Send some: anomalyctl simulate --env {environment_name}; or roll out with --canary 0.",
            )
        token = connections.detector_token()
        # A probe counts failures by itself: nothing is tried twice, and no breaker hides them.
        policy = replace(DETECTORS, attempts=1, rate_limit_attempts=1, breaker_failures=1_000_000)
        clients: list[DetectorClient] = []

        def make_probe(old: str, new: str) -> Probe:
            for address in (old, new):
                transport = connections.detector_transport(address)
                clients.append(DetectorClient(address, token, policy=policy, transport=transport))
            return Probe(store, clients[-2], clients[-1])

        rolling = RollingOut(
            environment=environment_name,
            traffic=Traffic(target.manager, target.resource(_APP), target.sleep),
            app_id=target.resource(_APP),
            journal=journal,
            run=target.run.id,
            keep_tag=lambda found: keep_tag(target.place, found),
            make_probe=make_probe,
            progress=progress,
            sleep=sleep,
        )
        try:
            with guarded(environment_name, target.place.state / "rollout-guard.log", target.environ):
                done = rolling.roll_out(Plan(image, canary, watch, different))
        finally:
            for client in clients:
                client.close()
            connections.close()
        target.run.note_safely("rollout", image=done.image, outcome=done.outcome, revision=done.revision)
        return done


def roll_back_detectors(
    environment_name: str,
    *,
    arguments: Sequence[str] = (),
    progress: Progress = SILENCE,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RolledBack:
    """Bring back the image from before the last rollout, finished or not.

    Raises NotFound before the first rollout and after a rollback, and what signing in raises.
    """
    with _opened("rollback", environment_name, arguments, progress, environ, sleep) as (target, journal):
        kept = journal.read()
        if kept is None or kept.phase == "returned":
            raise NotFound(
                f"There is no rollout of {environment_name} to take back.",
                hint=f"See what was done: anomalyctl runs list --env {environment_name}",
            )
        progress.step(f"Going back to {kept.old_image}")
        traffic = Traffic(target.manager, kept.app_id, target.sleep)
        return_to_old(traffic, journal, kept, lambda found: keep_tag(target.place, found))
        target.run.note_safely("rollback", image=kept.old_image)
        return RolledBack(environment_name, target.run.id, kept.old_image, kept.new_image)


@contextmanager
def _opened(
    command: str,
    environment_name: str,
    arguments: Sequence[str],
    progress: Progress,
    environ: Mapping[str, str] | None,
    sleep: Callable[[float], None],
) -> Iterator[tuple[Target, Journal]]:
    environ = os.environ if environ is None else environ
    place = find_place(environment_name, None, environ)
    require_azure(place.environment, command)
    where = deployed(environment_name, environ=environ, refresh=True)
    ledger = Ledger(place.runs, lambda: datetime.now(UTC))
    with (
        alone(place.state / "in-use", environment=environment_name, command=command),
        ledger.run(command, environment_name, arguments) as run,
        opened_target(place, where, run, progress, environ, sleep) as target,
    ):
        yield target, Journal(place.state / "rollout.json")
