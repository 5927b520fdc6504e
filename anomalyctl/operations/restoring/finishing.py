"""The end of a restore: documents expire again, and the account that nobody reads any more is deleted."""

from __future__ import annotations

from typing import Final

from anomalyctl.azure.cosmos_accounts import COSMOS_API, set_ttl
from anomalyctl.azure.private_endpoints import NETWORK_API
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.operations.progress import Progress
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.stores.anomalies.schema import CONTAINERS, DATABASE_NAME

DAY_S: Final = 24 * 3600


def only_in_left(restore: Restore) -> str:
    """What the account that is left holds, and the one that serves does not."""
    if restore.phase == "returned":
        if not restore.switched_at:
            return ""
        return (
            f"{restore.new_name} alone holds what was written while it served, from {restore.switched_at} "
            f"to {restore.returned_at}"
        )
    return (
        f"{restore.old_name} alone holds what was written after {restore.at}, until about "
        f"{restore.switched_at}: verdicts, episodes and what operators did"
    )


def left_account(restore: Restore) -> tuple[str, str]:
    """The id of the account that nobody reads, and of its private endpoint ("" for none)."""
    if restore.phase == "returned":
        return restore.new_id, restore.new_door
    return restore.old_id, restore.old_door


def turn_ttl_on(manager: ResourceManager, account_id: str, progress: Progress) -> tuple[str, ...]:
    """Have documents of the restored account expire as our schema says; the containers."""
    database = f"{account_id}/sqlDatabases/{DATABASE_NAME}"
    found = []
    for container in CONTAINERS:
        if container.default_ttl_s is None:
            continue
        days = container.default_ttl_s // DAY_S
        ends = f"after {days} days" if days > 0 else "where they say so themselves"
        progress.step(f"{container.name}: documents expire {ends} again")
        set_ttl(manager, database, container.name, container.default_ttl_s)
        found.append(container.name)
    return tuple(found)


def delete_left(manager: ResourceManager, restore: Restore, progress: Progress) -> str:
    """Delete the account that nobody reads, with its private endpoint; its name."""
    account, door = left_account(restore)
    if door:
        progress.step(f"Deleting the private endpoint {door.rpartition('/')[2]}")
        manager.delete(door, NETWORK_API)
    name = account.rpartition("/")[2]
    progress.step(f"Deleting {name}")
    manager.delete(account, COSMOS_API)
    return name
