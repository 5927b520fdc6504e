"""What was begun beside Terraform and is not ended: a rollout, a restore. A plan made meanwhile would take
for settled what is being tried, or take back what Terraform was not told of yet.

Three witnesses: what we noted on this machine, and, for what was begun elsewhere, Azure as a plan has just
seen it, or asked again, for a plan that was made a while ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from anomalyctl.azure.labels import BEFORE
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.plan_state import attributes_of
from anomalyctl.operations.restoring.journal import Journal as RestoreJournal
from anomalyctl.operations.restoring.names import is_of_one_stem
from anomalyctl.operations.rollout.journal import Journal as RolloutJournal
from anomalyctl.operations.rollout.journal import tag_of

_FUNCTIONS: Final = ("azurerm_linux_function_app", "azurerm_function_app_flex_consumption")
_FUNCTION_APPS: Final = tuple(f"{kind}.this[0]" for kind in _FUNCTIONS)
_APP: Final = "azurerm_container_app.detectors"
_ACCOUNT: Final = "azurerm_cosmosdb_account.this"
_CHANGE_FEED: Final = "COSMOS_TRIGGER__accountEndpoint"


class Underway(PreconditionFailed):
    """A rollout or a restore is not ended, and nothing may be planned or applied until it is."""

    code = "underway"


def require_nothing_noted(place: Place, *, rollouts: bool = True) -> None:
    """Raise Underway where a restore, or with `rollouts` a rollout, was begun here and is not ended."""
    if not place.ours or place.environment.is_local:
        return
    name = place.environment.name
    restore = RestoreJournal(place.state / "restore.json").read()
    if restore is not None and restore.is_half_switched:
        back = " --back" if restore.phase == "returning" else ""
        account = restore.old_name if back else restore.new_name
        raise Underway(
            f"The services of {name} read {account}, or are about to, and Terraform does not know it yet "
            f"(a restore, {restore.phase}).",
            hint=f"Go on with it: anomalyctl restore cosmos{back} --env {name}",
        )
    rollout = RolloutJournal(place.state / "rollout.json").read() if rollouts else None
    if rollout is not None and rollout.unfinished:
        raise Underway(
            f"A rollout of {rollout.new_image} to {name} is not ended ({rollout.phase}).",
            hint=f"Have the old image back: anomalyctl rollback --env {name}; or go on: "
            f"anomalyctl rollout detectors --image {tag_of(rollout.new_image)} --env {name}",
        )


def require_nothing_seen(place: Place, state: dict[str, Any]) -> None:
    """The same by the refreshed state of a plan: whoever began it, and wherever."""
    if not place.ours or place.environment.is_local:
        return
    name = place.environment.name
    for ingress in attributes_of(state, "azurerm_container_app", "detectors").get("ingress") or ():
        if any(one.get("label") == BEFORE for one in ingress.get("traffic_weight") or ()):
            raise _rollout(name)
    account = str(attributes_of(state, "azurerm_cosmosdb_account", "this").get("name", ""))
    for kind in _FUNCTIONS:
        settings = attributes_of(state, kind, "this").get("app_settings") or {}
        _require_same_account(name, account, str(settings.get(_CHANGE_FEED, "")))


def require_nothing_in_azure(place: Place, ids: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """The same by asking Azure now: since a plan was made, somebody may have begun one on another machine.

    `ids` are Azure's by Terraform's addresses. Raises Underway, and what asking raises: a plan that nobody
    could hold against Azure is not applied.
    """
    if not place.ours or place.environment.is_local or not ids.keys() & {_APP, *_FUNCTION_APPS}:
        return
    from anomalyctl.azure.app_settings import read_setting
    from anomalyctl.azure.container_apps import CONTAINER_APPS_API
    from anomalyctl.azure.session import open_session
    from anomalyctl.azure.traffic import division_of
    from anomalyctl.resilience.policies import RESOURCE_MANAGER

    name, account = place.environment.name, ids.get(_ACCOUNT, "").rpartition("/")[2]
    with (
        open_session(place.environment, environ) as session,
        session.resource_manager(RESOURCE_MANAGER.interactive()) as manager,
    ):
        app = manager.get(ids[_APP], CONTAINER_APPS_API) if _APP in ids else None
        if app is not None and division_of(app).before:
            raise _rollout(name)
        for address in _FUNCTION_APPS:
            if account and address in ids:
                _require_same_account(name, account, read_setting(manager, ids[address], _CHANGE_FEED))


def _rollout(environment: str) -> Underway:
    return Underway(
        f"The traffic of the detectors of {environment} is divided: a rollout is under way.",
        hint=f"Wait for its end; where it was killed: anomalyctl rollback --env {environment}",
    )


def _require_same_account(environment: str, account: str, endpoint: str) -> None:
    """Raise Underway where the functions read another account than the state has, the one restored from the
    other.
    """
    read = (urlsplit(endpoint).hostname or "").partition(".")[0]
    if read and account and read != account and is_of_one_stem(read, account):
        raise Underway(
            f"The functions of {environment} read {read}, and the state has {account}: "
            "a restore is under way.",
            hint=f"Wait for its end; where it was cut off: anomalyctl restore cosmos --env {environment}",
        )
