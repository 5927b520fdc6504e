"""What a restore does not bring back: the private endpoint, who may read and write, and diagnostics."""

from __future__ import annotations

from typing import Any, Final

from anomalyctl.azure.cosmos_accounts import COSMOS_API
from anomalyctl.azure.failures import AzureRefused
from anomalyctl.azure.private_endpoints import copy_endpoint
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.operations.progress import Progress
from anomalyctl.operations.restoring.journal import Restore

DIAGNOSTICS_API: Final = "2021-05-01-preview"


def wire(manager: ResourceManager, restore: Restore, progress: Progress) -> None:
    """Have the services reach the new account, and be allowed to; each step may be repeated."""
    copy_roles(manager, restore.old_id, restore.new_id, progress)
    if restore.old_door:
        progress.step("Making the private endpoint and its name in the DNS zone")
        name = restore.new_door.rpartition("/")[2]
        copy_endpoint(
            manager,
            restore.old_door,
            restore.new_door,
            resource_id=restore.new_id,
            interface=name.replace("pep-", "nic-", 1),
        )
    else:
        progress.warn("The old account has no private endpoint that Terraform knows; the new one gets none.")
    _copy_diagnostics(manager, restore.old_id, restore.new_id)


def copy_roles(manager: ResourceManager, old_id: str, new_id: str, progress: Progress) -> int:
    """Give the same principals the same data roles; how many there are. One that Azure does not take, such
    as that of a person who has left, is told.
    """
    for one in manager.list(f"{old_id}/sqlRoleDefinitions", COSMOS_API):
        if (one.get("properties") or {}).get("type") == "CustomRole":
            manager.put(_moved(one["id"], old_id, new_id), COSMOS_API, _role(one, old_id, new_id))
    there = {str(one["id"]).lower() for one in manager.list(f"{new_id}/sqlRoleAssignments", COSMOS_API)}
    found = manager.list(f"{old_id}/sqlRoleAssignments", COSMOS_API)
    progress.step(f"Giving {len(found)} principals their data roles")
    given = 0
    for one in found:
        wanted = _moved(str(one["id"]), old_id, new_id)
        about = one["properties"]
        given += 1
        if wanted.lower() in there:
            continue
        body = {
            "properties": {
                "roleDefinitionId": _moved(about["roleDefinitionId"], old_id, new_id),
                "scope": _moved(about["scope"], old_id, new_id),
                "principalId": about["principalId"],
            }
        }
        try:
            manager.put(wanted, COSMOS_API, body)
        except AzureRefused as error:
            if error.status != 400:
                raise
            given -= 1
            progress.warn(f"{about['principalId']} gets no data role: {error.message}")
    return given


def _copy_diagnostics(manager: ResourceManager, old_id: str, new_id: str) -> None:
    path = "providers/Microsoft.Insights/diagnosticSettings"
    for one in manager.list(f"{old_id}/{path}", DIAGNOSTICS_API):
        settings = {name: value for name, value in one["properties"].items() if value not in (None, [])}
        manager.put(f"{new_id}/{path}/{one['name']}", DIAGNOSTICS_API, {"properties": settings})


def _role(definition: dict[str, Any], old_id: str, new_id: str) -> dict[str, Any]:
    about = definition["properties"]
    return {
        "properties": {
            "roleName": about["roleName"],
            "type": about["type"],
            "permissions": about["permissions"],
            "assignableScopes": [_moved(scope, old_id, new_id) for scope in about["assignableScopes"]],
        }
    }


def _moved(path: str, old_id: str, new_id: str) -> str:
    """The same part of the other account."""
    if path.lower() == old_id.lower() or path.lower().startswith(f"{old_id.lower()}/"):
        return new_id + path[len(old_id) :]
    return path
