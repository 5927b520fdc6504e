"""Back to the old image, from wherever a rollout stands. Every step may be repeated."""

from __future__ import annotations

from collections.abc import Callable

from anomalyctl.azure.container_apps import RevisionFailed
from anomalyctl.azure.failures import AzureRefused
from anomalyctl.azure.traffic import Traffic
from anomalyctl.errors import NotFound
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.rollout.journal import Journal, Rollout, note_end


def return_to_old(
    traffic: Traffic,
    journal: Journal,
    rollout: Rollout,
    keep_tag: Callable[[str], None],
    progress: Progress = SILENCE,
) -> Rollout:
    """All traffic to the old image at once; then a revision of it that is the newest, as Terraform has it.

    While the old revision still serves, the first step is what users feel: one change of the traffic, and no
    container has to start.
    """
    division = traffic.division()
    # Later the old one may be out of service: then the newest serves until the copy is up.
    if rollout.phase in ("ready", "split") and rollout.old_revision != division.newest:
        _serve_at_once(traffic, rollout)
    if division.image != rollout.old_image:
        traffic.app.run_image(rollout.old_image)
    try:
        traffic.app.wait_until_ready(rollout.old_image)
    except RevisionFailed as error:
        error.hint = (
            "The old revision serves meanwhile. Look at: anomalyctl logs detectors, then rollback again."
        )
        raise
    traffic.settle()
    return note_end(journal, rollout, "returned", keep_tag, progress)


def _serve_at_once(traffic: Traffic, rollout: Rollout) -> None:
    try:
        traffic.address(rollout.old_revision)
        traffic.divide({rollout.old_revision: 100}, before=rollout.old_revision)
    except NotFound:
        return  # it was cleaned away: a copy takes its place
    except AzureRefused as error:
        if error.status not in (400, 404):
            raise
        return  # the same, or it was taken out of service
    if rollout.new_revision:
        traffic.stop(rollout.new_revision)
