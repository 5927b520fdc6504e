"""The first step of a rollout: is one under way already, what serves now, and may it be replaced."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from anomalyctl.azure.traffic import Division, Traffic
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.rollout.journal import Journal, Rollout, tag_of

_OURS: Final = "/detectors:"


def begun_before(journal: Journal, division: Division, image: str, environment: str) -> Rollout | None:
    """The rollout of that image that was cut off here; None where there is nothing to go on with.

    Raises PreconditionFailed for one of another image, and for one that was begun on another machine.
    """
    kept = journal.read()
    if kept is not None and kept.unfinished and is_over(kept, division):
        journal.write(kept, "returned")
        kept = None
    if kept is None or not kept.unfinished:
        if division.before:
            raise PreconditionFailed(
                f"A rollout of {division.image} that was not begun from here is under way.",
                hint="Wait for its end; where it was killed, have the old revision back: "
                f"anomalyctl rollback --env {environment}",
            )
        return None
    if kept.new_image != image:
        raise PreconditionFailed(
            f"A rollout of {kept.new_image} is unfinished ({kept.phase}).",
            hint=f"End it first: anomalyctl rollback --env {environment}, "
            f"or rollout detectors --image {tag_of(kept.new_image)} --env {environment}",
        )
    return kept


def start(
    traffic: Traffic, division: Division, journal: Journal, rollout: Rollout, environment: str
) -> Rollout:
    """Note what serves, before anything is changed. Raises PreconditionFailed where that is none of ours."""
    serving = division.serving
    # The app may already be told of another image, of which no revision came up.
    image = traffic.image_of(serving) or division.image
    if _OURS not in image:
        raise PreconditionFailed(
            f"The detectors of {environment} run {image or 'nothing'}: nothing of ours to compare with.",
            hint=f"Publish first: anomalyctl publish detectors --env {environment}",
        )
    return journal.write(replace(rollout, old_revision=serving, old_image=image))


def found_elsewhere(traffic: Traffic, division: Division, app_id: str) -> Rollout | None:
    """The rollout that somebody began on another machine and that is not ended, as far as the app tells."""
    if not division.before:
        return None
    return Rollout(
        run="",
        app_id=app_id,
        old_revision=division.before,
        old_image=traffic.image_of(division.before) or division.image,
        new_image=division.image,
        canary=division.weights.get(division.newest, 0),
        phase="split",
        new_revision="" if division.newest == division.before else division.newest,
    )


def is_over(kept: Rollout, division: Division) -> bool:
    """Whether somebody ended it elsewhere: the app is whole, and not by the last steps of this rollout."""
    return not division.many and not (kept.phase == "good" and division.image == kept.new_image)
