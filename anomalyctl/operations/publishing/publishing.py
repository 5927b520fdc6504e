"""`publish`: each part in its turn, alone, noted in the ledger; what is done stays done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from anomalyctl.errors import AnomalyctlError, InvalidInput, PartlyDone
from anomalyctl.operations.deployed import deployed
from anomalyctl.operations.environment import require_azure
from anomalyctl.operations.infrastructure.place import find_place
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.publishing.model import PARTS, Part, PublishedPart, Publishing
from anomalyctl.operations.publishing.target import Target, opened_target
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.ledger import Ledger


def publish(
    environment_name: str,
    parts: Sequence[Part] = PARTS,
    *,
    local_build: bool = False,
    arguments: Sequence[str] = (),
    progress: Progress = SILENCE,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Publishing:
    """Publish the parts that differ from what runs. Run again, it goes on where it ended.

    Raises PreconditionFailed for `local`, NotDeployed, SignInFailed, Locked where another command is at this
    environment, and what publishing a part raises: as PartlyDone where another part was published before it.
    """
    environ = os.environ if environ is None else environ
    place = find_place(environment_name, None, environ)
    require_azure(place.environment, "publish")
    where = deployed(environment_name, environ=environ, refresh=True)
    ledger = Ledger(place.runs, lambda: datetime.now(UTC))
    done: list[PublishedPart] = []
    with (
        room_in(place),
        alone(place.state / "in-use", environment=environment_name, command="publish"),
        ledger.run("publish", environment_name, arguments) as run,
        opened_target(place, where, run, progress, environ, sleep) as target,
    ):
        for part in (part for part in PARTS if part in parts):
            try:
                with room_in(place):
                    done.append(_publish_part(target, part, local_build=local_build))
            except AnomalyctlError as error:
                if any(one.outcome == "published" for one in done):
                    raise _partly(error, part, done) from error
                raise
            run.note_safely("published", part=part, outcome=done[-1].outcome, version=done[-1].version)
            progress.done(_sentence(done[-1]))
        return Publishing(environment=environment_name, run=run.id, parts=tuple(done))


def parts_named(name: str) -> tuple[Part, ...]:
    """The parts that the argument names: one, or `all`. Raises InvalidInput."""
    if name == "all":
        return PARTS
    for part in PARTS:
        if part == name:
            return (part,)
    raise InvalidInput(
        f"There is no part “{name}” to publish.", field="PART", hint=f"Known: {', '.join(PARTS)}, all."
    )


def _publish_part(target: Target, part: Part, *, local_build: bool) -> PublishedPart:
    if part == "detectors":
        from anomalyctl.operations.publishing.detectors import publish_detectors

        return publish_detectors(target, local_build=local_build)
    if part == "functions":
        from anomalyctl.operations.publishing.functions import publish_functions

        return publish_functions(target)
    from anomalyctl.operations.publishing.dashboard import publish_dashboard

    return publish_dashboard(target)


def _sentence(part: PublishedPart) -> str:
    if part.outcome == "unchanged":
        return f"{part.name}: {part.what} runs this version already ({part.health})"
    return f"{part.name}: {part.what} runs {part.version[:12]} ({part.health})"


def _partly(error: AnomalyctlError, part: Part, done: Sequence[PublishedPart]) -> PartlyDone:
    names = ", ".join(one.name for one in done)
    return PartlyDone(
        f"Published: {names}. Not {part}: {error.message}",
        hint=error.hint or "Run the same command again: what is published is not sent twice.",
        details={
            **error.details,
            "published": [one.name for one in done],
            "failed": part,
            "code": error.code,
        },
    )
