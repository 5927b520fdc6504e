"""What is so in Azure and in no file: the image that was published, the account that was restored. Each plan
must name both, or it would take them back.

A plan has just asked Azure for all of it, so that its own refreshed state tells, at no cost; only where it
differs from what the plan was given is a second plan made.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_tag import adopt_image
from anomalyctl.operations.infrastructure.published_variables import published
from anomalyctl.operations.infrastructure.restored_account import keep_account_name


def adopt_from_plan(place: Place, plan: Path) -> bool:
    """Keep what the state of a plan names; True where an earlier plan was given something else."""
    try:
        with zipfile.ZipFile(plan) as archive:
            return _adopt(place, archive.read("tfstate"))
    except (OSError, zipfile.BadZipFile, KeyError):
        return False  # what is wrong with it is found and said by whoever reads the plan


def adopt_from_state(place: Place, text: bytes) -> bool:
    """The same from a state as it was pulled: for a plan that failed for want of it."""
    return _adopt(place, text)


def _adopt(place: Place, text: bytes) -> bool:
    if not place.ours or place.environment.is_local:
        return False
    before = published(place.published_variables)
    state = _state(text)
    image = _first(state, "azurerm_container_app", "detectors", "template", "container", "image")
    if image:
        adopt_image(place, image)
    account = _first(state, "azurerm_cosmosdb_account", "this", "name")
    if account:
        keep_account_name(place, account)
    return published(place.published_variables) != before


def _state(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _first(state: dict[str, Any], kind: str, name: str, *path: str) -> str:
    """An attribute of a resource, by the first of each nested block; "" where it is not there."""
    for one in state.get("resources") or ():
        if (one.get("mode"), one.get("type"), one.get("name")) != ("managed", kind, name):
            continue
        for instance in one.get("instances") or ():
            here: Any = instance.get("attributes") or {}
            for step in path:
                here = here.get(step) if isinstance(here, dict) else None
                here = here[0] if isinstance(here, list) and here else here
            return here if isinstance(here, str) else ""
    return ""
