"""`rollout` and `rollback` of an environment: signed in, alone, noted in the ledger, and guarded."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from anomalyctl.azure.rest import Rest
from anomalyctl.azure.traffic import Traffic
from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed
from anomalyctl.operations.azure_connections import AzureConnections
from anomalyctl.operations.connecting import connect
from anomalyctl.operations.deployed import deployed
from anomalyctl.operations.environment import require_azure
from anomalyctl.operations.infrastructure.place import find_place
from anomalyctl.operations.infrastructure.published_tag import keep_tag
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.publishing.detectors import image_named, image_of_checkout
from anomalyctl.operations.publishing.target import Target, opened_target
from anomalyctl.operations.rollout.beginning import found_elsewhere, is_over
from anomalyctl.operations.rollout.guarding import guarded
from anomalyctl.operations.rollout.journal import Journal, Rollout, tag_of
from anomalyctl.operations.rollout.probing import Probe
from anomalyctl.operations.rollout.real_traffic import RealTrafficReader
from anomalyctl.operations.rollout.returning import return_to_old
from anomalyctl.operations.rollout.rolling_out import Plan, RolledOut, RollingOut
from anomalyctl.operations.rollout.weighing import DIFFERENT
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.ledger import Ledger
from anomalyctl.resilience.policies import DETECTORS, METRICS

LONGEST_WATCH: Final = timedelta(hours=24)
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_APP: Final = "azurerm_container_app.detectors"


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

    Raises what `RollingOut.roll_out` raises, InvalidInput for what cannot be watched, PreconditionFailed for
    `local` and where there are no readings to compare with, NotFound for a tag that the registry has not got,
    and what signing in raises. Where it fails with the traffic divided, its guard goes on bringing it back.
    """
    require_sense(tag, canary, watch, different)
    with _opened("rollout", environment_name, arguments, progress, environ, sleep) as (target, journal):
        image = image_of_checkout(target) if tag is None else image_named(target, tag)
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

        app, session = target.resource(_APP), target.session
        scope = f"{session.cloud.audience}/.default"
        monitor = Rest(
            session.cloud.resource_manager,
            scope,
            session.credential,
            session.cloud,
            policy=METRICS,
            sleep=sleep,
        )

        def make_real_traffic(old: str, new: str) -> RealTrafficReader:
            return RealTrafficReader(monitor, app, old, new, begin=datetime.now(UTC))

        rolling = RollingOut(
            environment=environment_name,
            traffic=Traffic(target.manager, app, target.sleep),
            app_id=app,
            journal=journal,
            run=target.run.id,
            keep_tag=lambda found: keep_tag(target.place, found),
            make_probe=make_probe,
            make_real_traffic=make_real_traffic,
            progress=progress,
            sleep=sleep,
        )
        log = target.place.state / "rollout-guard.log"

        def ended() -> bool:
            if not rolling.is_engaged or _is_whole(journal):
                return True
            progress.warn(f"The traffic may still be divided; a process goes on bringing it back: {log}")
            return False

        try:
            with monitor, guarded(environment_name, log, target.environ, is_over=ended):
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
    only_unfinished: bool = False,
    arguments: Sequence[str] = (),
    progress: Progress = SILENCE,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> RolledBack:
    """Bring back the image from before the last rollout, finished or not, begun here or elsewhere.

    Raises NotFound before the first rollout, after a rollback, and with `only_unfinished` after one that is
    done; PreconditionFailed where something else was published since; and what signing in raises.
    """
    with _opened("rollback", environment_name, arguments, progress, environ, sleep) as (target, journal):
        app = target.resource(_APP)
        traffic = Traffic(target.manager, app, target.sleep)
        kept = _to_take_back(traffic, app, journal, environment_name, only_unfinished=only_unfinished)
        progress.step(f"Going back to {kept.old_image}")
        return_to_old(traffic, journal, kept, lambda found: keep_tag(target.place, found), progress)
        target.run.note_safely("rollback", image=kept.old_image)
        return RolledBack(environment_name, target.run.id, kept.old_image, kept.new_image)


def require_sense(tag: str | None, canary: int, watch: timedelta, different: float = DIFFERENT) -> None:
    """Raise InvalidInput for what is no tag, no share, and for a watch that sees nothing or never ends."""
    if not 0 <= different <= 1:  # not a number is neither
        raise InvalidInput("--differences is a percentage.", field="--differences", hint="Such as 2.")
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidInput(
            f"--image takes a tag, and {tag!r} is none.",
            field="--image",
            hint="A tag alone, such as 0123abc: neither a registry nor a digest.",
        )
    if canary and not timedelta(0) < watch <= LONGEST_WATCH:
        raise InvalidInput(
            "--watch is more than nothing and at most 24 hours.",
            field="--watch",
            hint="Such as 15m; without a watch: --canary 0.",
        )


def _is_whole(journal: Journal) -> bool:
    """Whether the last rollout is ended, as far as is known."""
    try:
        kept = journal.read()
    except PreconditionFailed:
        return False
    return kept is None or not kept.unfinished


def _to_take_back(
    traffic: Traffic, app: str, journal: Journal, environment: str, *, only_unfinished: bool
) -> Rollout:
    kept, division = journal.read(), traffic.division()
    if kept is not None and kept.unfinished:
        if not is_over(kept, division):
            return kept
        journal.write(kept, "returned")
        kept = None
    if elsewhere := found_elsewhere(traffic, division, app):
        return elsewhere
    if kept is None or kept.phase == "returned" or only_unfinished:
        raise NotFound(
            f"There is no rollout of {environment} to take back.",
            hint="An earlier image comes back with: anomalyctl rollout detectors --image TAG "
            f"--env {environment}. What was done: anomalyctl runs list --env {environment}",
        )
    if division.image not in (kept.new_image, kept.old_image):
        raise PreconditionFailed(
            f"{environment} runs {division.image}, which came after the last rollout (of {kept.new_image}).",
            hint="Name what is wanted: anomalyctl rollout detectors "
            f"--image {tag_of(kept.old_image)} --env {environment}",
        )
    return kept


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
        room_in(place),
        alone(place.state / "in-use", environment=environment_name, command=command),
        ledger.run(command, environment_name, arguments) as run,
        opened_target(place, where, run, progress, environ, sleep) as target,
    ):
        yield target, Journal(place.state / "rollout.json")
