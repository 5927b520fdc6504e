"""A rollout or a restore that is not ended, as noted here and as Azure shows it, with the next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.restoring.journal import Journal as RestoreJournal
from anomalyctl.operations.restoring.names import is_of_one_stem
from anomalyctl.operations.rollout.journal import Journal as RolloutJournal
from anomalyctl.operations.rollout.journal import tag_of

APP: Final = "azurerm_container_app.detectors"
ACCOUNT: Final = "azurerm_cosmosdb_account.this"

Get = Callable[[str, str, str], dict[str, Any]]
"""The document at a path of Resource Manager: path, what is done in words, version."""


@dataclass(frozen=True, slots=True)
class Unended:
    """What was begun and is not ended."""

    what: Literal["rollout", "restore", "unknown"]
    """`unknown`: nobody could tell, and the message says why."""
    message: str
    next_step: str
    """A command; empty where there is none."""


def unended_here(place: Place) -> tuple[Unended, ...]:
    """By the journals of this machine. A spoilt one is told, not raised."""
    found = []
    for read in (_rollout_here, _restore_here):
        try:
            one = read(place)
        except AnomalyctlError as error:
            one = Unended("unknown", error.message, error.hint)
        if one is not None:
            found.append(one)
    return tuple(found)


def unended_in_azure(get: Get, ids: Mapping[str, str], environment: str) -> tuple[Unended, ...]:
    """By what Azure shows to whoever may read: wherever it was begun. What cannot be asked says why."""
    found = []
    for read in (_rollout_in_azure, _restore_in_azure):
        try:
            one = read(get, ids, environment)
        except AnomalyctlError as error:
            one = Unended("unknown", f"Whether anything is under way cannot be told: {error.message}", "")
        if one is not None and one not in found:
            found.append(one)
    return tuple(found)


def all_unended(here: tuple[Unended, ...], in_azure: tuple[Unended, ...]) -> tuple[Unended, ...]:
    """Both, each once: what this machine noted knows the better next step."""
    known = {one.what for one in here if one.what != "unknown"}
    return here + tuple(one for one in in_azure if one.what not in known)


def _rollout_here(place: Place) -> Unended | None:
    name, kept = place.environment.name, RolloutJournal(place.state / "rollout.json").read()
    if kept is None or not kept.unfinished:
        return None
    return Unended(
        "rollout",
        f"A rollout of {kept.new_image} is not ended ({kept.phase}); it would go back to {kept.old_image}.",
        f"anomalyctl rollback --env {name}, or "
        f"anomalyctl rollout detectors --image {tag_of(kept.new_image)} --env {name}",
    )


def _restore_here(place: Place) -> Unended | None:
    kept = RestoreJournal(place.state / "restore.json").read()
    if kept is None or kept.phase == "finished":
        return None
    command = f"anomalyctl restore cosmos --env {place.environment.name}"
    step = {"known": f"{command} --finish, or --back", "returned": f"{command} --finish"}.get(kept.phase)
    if step is None:
        step = f"{command} --back" if kept.phase == "returning" else f"{command}, or --back"
    return Unended(
        "restore",
        f"The restore of {kept.old_name} to {kept.at} is not ended ({kept.phase}): {kept.new_name} stands "
        "beside it, or is about to.",
        step,
    )


def _rollout_in_azure(get: Get, ids: Mapping[str, str], environment: str) -> Unended | None:
    from anomalyctl.azure.container_apps import CONTAINER_APPS_API
    from anomalyctl.azure.traffic import division_of

    if APP not in ids:
        return None
    division = division_of(get(ids[APP], "asking how the traffic is divided", CONTAINER_APPS_API))
    if not division.before:
        return None
    shares = ", ".join(f"{weight} % to {name}" for name, weight in division.weights.items())
    return Unended(
        "rollout",
        f"A rollout of {division.image} that was not begun here is not ended: {shares}.",
        f"wait for its end; where it was killed: anomalyctl rollback --env {environment}",
    )


def _restore_in_azure(get: Get, ids: Mapping[str, str], environment: str) -> Unended | None:
    from anomalyctl.azure.cosmos_accounts import COSMOS_API, restored_to

    if ACCOUNT not in ids:
        return None
    group, _, name = ids[ACCOUNT].rpartition("/")
    listed = get(group, "listing the accounts of Cosmos DB", COSMOS_API)
    ours = [one for one in listed.get("value") or () if is_of_one_stem(str(one.get("name", "")), name)]
    others = [str(one["name"]) for one in ours if one["name"] != name]
    if not others or not any(restored_to(one) for one in ours):
        return None
    return Unended(
        "restore",
        f"Beside {name} stands {', '.join(others)}: a restore that was not begun here is not ended.",
        f"wait for its end; where it was cut off: anomalyctl restore cosmos --env {environment}, or --back",
    )
