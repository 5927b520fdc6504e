"""A restore that this machine noted nothing of, found again by what Azure shows: two accounts of one stem,
the second that the newer one was restored to, and which of both the services read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from anomalyctl.azure.app_settings import read_setting
from anomalyctl.azure.cosmos_accounts import COSMOS_API, restored_to
from anomalyctl.azure.resource_manager import Document
from anomalyctl.azure.vault import read_secret
from anomalyctl.errors import AnomalyctlError, NotDeployed, PreconditionFailed
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.restoring.beginning import ACCOUNT, DOOR
from anomalyctl.operations.restoring.journal import Phase, Restore
from anomalyctl.operations.restoring.names import door_before, is_of_one_stem
from anomalyctl.operations.restoring.opening import Restoring, opened
from anomalyctl.operations.restoring.switching import CHANGE_FEED, CONNECTION
from anomalyctl.operations.restoring.terraform_knows import addresses_of

_FUNCTIONS: Final = ("azurerm_linux_function_app.this[0]", "azurerm_function_app_flex_consumption.this[0]")


def adopt_lost(restoring: Restoring) -> Restore | None:
    """The restore that stands in Azure and was not noted here, noted now; None where one is noted, or none
    stands.

    Raises PreconditionFailed, with what to do by hand, where Azure does not tell enough. Where Azure cannot
    be asked at all, that is told, and None returned.
    """
    journal = restoring.journal()
    kept = journal.read()
    if kept is not None and kept.phase != "finished":
        return None
    try:
        with opened(restoring) as target:
            found = _found(restoring, target)
    except NotDeployed:
        return None
    except PreconditionFailed:
        raise
    except AnomalyctlError as error:
        restoring.progress.warn(f"Whether a restore was begun elsewhere is not known: {error.message}")
        return None
    if found is None or (kept is not None and kept.new_id == found.new_id and kept.old_id == found.old_id):
        return None
    restoring.progress.warn(
        f"Found in Azure, not begun here: {found.new_name} beside {found.old_name}, restored to {found.at} "
        f"({found.phase}). Go on only where nobody else is at it any more"
    )
    return journal.write(found)


def _found(restoring: Restoring, target: Target) -> Restore | None:
    """What stands, with the phase that it shows; nothing is written."""
    state_id = target.where.ids.get(ACCOUNT, "")
    if not state_id:
        if not target.where.ids.keys() & set(_FUNCTIONS):
            return None  # never deployed as far as that
        raise _not_in_the_state(target)
    accounts = target.manager.list(state_id.rpartition("/")[0], COSMOS_API)
    name = state_id.rpartition("/")[2]
    ours = [one for one in accounts if is_of_one_stem(str(one.get("name", "")), name)]
    pair = _pair(ours, restoring.environment)
    if pair is None:
        return None
    old_id, new_id = (str(one["id"]) for one in (pair.old, pair.new))
    if state_id.lower() not in (old_id.lower(), new_id.lower()):
        raise _by_hand(restoring.environment, f"The state has {name}, which is not there")
    told = pair.new["properties"]["restoreParameters"]
    state_has_new = state_id.lower() == new_id.lower()
    reads_new = _read_account(target) == new_id.rpartition("/")[2]
    door = target.where.ids.get(DOOR, "")
    old_door = door_before(door, old_id.rpartition("/")[2]) if state_has_new else door
    parts = addresses_of(target.where.ids, state_id, door)
    return Restore(
        run=target.run.id,
        at=str(told["restoreTimestampInUtc"]),
        source=str(told.get("restoreSource", "")),
        old_id=old_id,
        new_id=new_id,
        phase=_phase(state_has_new=state_has_new, reads_new=reads_new),
        old_door=old_door,
        switched_at=restoring.second() if state_has_new or reads_new else "",
        addresses=_of_old(parts, state_id, old_id, door, old_door),
    )


def _phase(*, state_has_new: bool, reads_new: bool) -> Phase:
    """The earliest phase from which going on does all that may be left: each step may be repeated."""
    if state_has_new:
        return "known" if reads_new else "returning"
    return "wired" if reads_new else "begun"


@dataclass(frozen=True, slots=True)
class _Pair:
    old: Document
    new: Document


def _pair(ours: list[Document], environment: str) -> _Pair | None:
    """The account that was restored last, and the one from before; None where no restore is left."""
    if len(ours) < 2:
        return None
    names = ", ".join(sorted(str(one["name"]) for one in ours))
    if len(ours) > 2:
        raise _by_hand(environment, f"{len(ours)} accounts stand beside each other: {names}")
    restored = [one for one in ours if restored_to(one)]
    if not restored:
        return None  # a name that is alike by chance
    # Of two restored ones the later is the new one.
    new = max(restored, key=lambda one: str((one.get("systemData") or {}).get("createdAt", "")))
    [old] = [one for one in ours if one is not new]
    if len(restored) == 2 and not all((one.get("systemData") or {}).get("createdAt") for one in restored):
        raise _by_hand(environment, f"Both of {names} were restored, and Azure does not tell which one later")
    return _Pair(old, new)


def _read_account(target: Target) -> str:
    """The name of the account that the services read. Raises PreconditionFailed where that is not shown."""
    if target.where.access_keys:
        vault = target.where.text("key_vault_uri")
        value = read_secret(vault, CONNECTION, target.session.credential, target.session.cloud)
        endpoint = value.partition("AccountEndpoint=")[2].partition(";")[0]
    else:
        site = next((target.where.ids[one] for one in _FUNCTIONS if one in target.where.ids), "")
        endpoint = read_setting(target.manager, site, CHANGE_FEED) if site else ""
    name = (urlsplit(endpoint).hostname or "").partition(".")[0]
    if not name:
        raise _by_hand(target.where.environment, "Which account the services read is not shown")
    return name


def _of_old(parts: Mapping[str, str], state_id: str, old_id: str, door: str, old_door: str) -> dict[str, str]:
    """Terraform's addresses with the ids of the old account's parts, whichever account the state has."""
    return {
        address: old_door if door and one.lower() == door.lower() else old_id + one[len(state_id) :]
        for address, one in parts.items()
    }


def _not_in_the_state(target: Target) -> PreconditionFailed:
    """It was cut off after Terraform forgot the old account, before it learnt of the new one."""
    environment, read = target.where.environment, _read_account(target)
    return PreconditionFailed(
        f"The state of {environment} has no Cosmos DB account, and its services read {read}.",
        hint=f"Find its ID (az cosmosdb list), then: anomalyctl import '{ACCOUNT}' ID --env {environment}; a "
        "plan names what else is to be imported. Or bring an earlier state back, on the machine that has the "
        f"copy: anomalyctl state restore NAME --env {environment}.",
    )


def _by_hand(environment: str, what: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"{what}: which restore is meant cannot be told from Azure.",
        hint="End it on the machine that began it. Where that is lost: see which account the setting "
        f"{CHANGE_FEED} of the functions names; delete the one that nobody reads (az cosmosdb delete); where "
        f"the state has that one: anomalyctl state rm '{ACCOUNT}' --env {environment}, then "
        f"anomalyctl import '{ACCOUNT}' ID --env {environment}.",
    )
