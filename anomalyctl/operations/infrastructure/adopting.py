"""What is so in Azure and in no file: the images that were published, the account that was restored. Each
plan must name them, or it would take them back.

A plan has just asked Azure for all of it, so that its own refreshed state tells, at no cost; only where it
differs from what the plan was given is a second plan made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.plan_state import attributes_of, state_from, state_in
from anomalyctl.operations.infrastructure.published_tag import adopt_image, adopt_job_image
from anomalyctl.operations.infrastructure.published_variables import published
from anomalyctl.operations.infrastructure.restored_account import keep_account_name
from anomalyctl.operations.infrastructure.underway import require_nothing_seen


def adopt_from_plan(place: Place, plan: Path) -> bool:
    """Keep what the state of a plan names; True where an earlier plan was given something else.

    Raises Underway where that state is of a rollout or a restore that is not ended.
    """
    state = state_in(plan)
    require_nothing_seen(place, state)
    return _adopt(place, state)


def adopt_from_state(place: Place, text: bytes) -> bool:
    """The same from a state as it was pulled: for a plan that failed for want of it."""
    return _adopt(place, state_from(text))


def _adopt(place: Place, state: dict[str, Any]) -> bool:
    if not place.ours or place.environment.is_local:
        return False
    before = published(place.published_variables)
    adopt_image(place, _image_in(attributes_of(state, "azurerm_container_app", "detectors")))
    adopt_job_image(place, _image_in(attributes_of(state, "azurerm_container_app_job", "batch")))
    account = attributes_of(state, "azurerm_cosmosdb_account", "this").get("name")
    if account:
        keep_account_name(place, str(account))
    return published(place.published_variables) != before


def _image_in(attributes: dict[str, Any]) -> str:
    """What the first container of an app or a job runs; "" where there is none."""
    templates = attributes.get("template") or [{}]
    return str((templates[0].get("container") or [{}])[0].get("image") or "")
