"""One step of a bootstrap each: look, and make or mend what is not as it should be."""

from __future__ import annotations

from typing import Any, Literal

from anomalyctl.azure.backend import StateAccount
from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.roles import (
    BLOB_DATA_CONTRIBUTOR,
    BLOB_DATA_OWNER,
    assignment_name,
    role_definition_id,
)
from anomalyctl.azure.sign_in import Principal
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.state_backend import wanted

Done = Literal["created", "updated", "unchanged"]
_GROUPS_API = "2025-04-01"
_ASSIGNMENTS_API = "2022-04-01"


def resource_provider(manager: ResourceManager, account: StateAccount) -> Done:
    """Microsoft.Storage in the subscription. Raises NotAllowed with the command; TimedOut."""
    path = f"/subscriptions/{account.subscription_id}/providers/Microsoft.Storage"
    if _is_registered(manager, path):
        return "unchanged"
    try:
        manager.post(f"{path}/register", _GROUPS_API, {})
    except NotAllowed as error:
        raise NotAllowed(
            "The resource provider Microsoft.Storage is not registered, and you may not register it.",
            azure_code=error.azure_code,
            hint="Ask an owner to run: az provider register --namespace Microsoft.Storage --subscription "
            f"{account.subscription_id}",
        ) from error
    manager.wait_until(
        lambda: _is_registered(manager, path), "Microsoft.Storage has not been registered in ten minutes."
    )
    return "updated"


def resource_group(manager: ResourceManager, account: StateAccount) -> Done:
    """The resource group of the state."""
    if manager.get(account.resource_group_id, _GROUPS_API):
        return "unchanged"
    manager.put(account.resource_group_id, _GROUPS_API, wanted.group_body(account))
    return "created"


def storage_account(manager: ResourceManager, account: StateAccount) -> Done:
    """The account. Raises PreconditionFailed where its name belongs to somebody else."""
    found = manager.get(account.id, wanted.STORAGE_API)
    if found is None:
        _require_free_name(manager, account)
        try:
            manager.put(account.id, wanted.STORAGE_API, wanted.account_body(account))
        except AzureRefused as error:
            if error.azure_code in {"StorageAccountAlreadyTaken", "StorageAccountAlreadyExists"}:
                raise _taken(account, str(error)) from error
            raise
        return "created"
    if found.get("kind") != "StorageV2":
        raise PreconditionFailed(
            f"{account.name} is of the kind {found.get('kind')}, which has no versions of blobs.",
            hint="Name another account under state.account in environments.toml.",
        )
    if drift := wanted.account_drift(found):
        manager.patch(account.id, wanted.STORAGE_API, {"properties": drift})
        return "updated"
    return "unchanged"


def blob_service(manager: ResourceManager, account: StateAccount) -> Done:
    """Versions and soft delete: an overwritten or deleted state can be brought back."""
    path = f"{account.id}/blobServices/default"
    properties = wanted.blob_service_wanted(manager.get(path, wanted.STORAGE_API))
    if properties is None:
        return "unchanged"
    manager.put(path, wanted.STORAGE_API, {"properties": properties})
    return "updated"


def container(manager: ResourceManager, account: StateAccount) -> Done:
    """The container, closed to the public."""
    found = manager.get(account.container_id, wanted.STORAGE_API)
    if found and (found.get("properties") or {}).get("publicAccess", "None") in {"None", None}:
        return "unchanged"
    manager.put(account.container_id, wanted.STORAGE_API, wanted.container_body())
    return "updated" if found else "created"


def role_assignment(manager: ResourceManager, account: StateAccount, principal: Principal) -> Done:
    """Storage Blob Data Contributor on the container, unless the principal or its group has it already.

    Raises NotAllowed with the command that somebody with the right may run.
    """
    path = f"{account.container_id}/providers/Microsoft.Authorization/roleAssignments"
    assigned = manager.list(path, _ASSIGNMENTS_API, _filter=f"assignedTo('{principal.object_id}')")
    if any(_lets_write(assignment) for assignment in assigned):
        return "unchanged"
    name = assignment_name(account.container_id, principal.object_id, BLOB_DATA_CONTRIBUTOR)
    body = {
        "properties": {
            "roleDefinitionId": role_definition_id(account.subscription_id, BLOB_DATA_CONTRIBUTOR),
            "principalId": principal.object_id,
            "principalType": principal.kind,
        }
    }
    try:
        manager.put(f"{path}/{name}", _ASSIGNMENTS_API, body)
    except AzureRefused as error:
        if error.azure_code != "RoleAssignmentExists":
            raise
        return "unchanged"
    except NotAllowed as error:
        raise NotAllowed(
            f"{principal.name} may not assign roles on the state's container.",
            azure_code=error.azure_code,
            hint="Ask an owner to run: az role assignment create --role 'Storage Blob Data Contributor' "
            f"--assignee {principal.object_id} --scope {account.container_id}",
        ) from error
    return "created"


def deletion_lock(manager: ResourceManager, account: StateAccount) -> Done:
    """A lock against deleting the account, unless somebody put one on it already."""
    path = f"{account.id}/providers/Microsoft.Authorization/locks"
    if any(
        (lock.get("properties") or {}).get("level") in {"CanNotDelete", "ReadOnly"}
        for lock in manager.list(path, wanted.LOCKS_API)
    ):
        return "unchanged"
    manager.put(f"{path}/{wanted.LOCK_NAME}", wanted.LOCKS_API, wanted.lock_body())
    return "created"


def _is_registered(manager: ResourceManager, path: str) -> bool:
    return (manager.get(path, _GROUPS_API) or {}).get("registrationState") == "Registered"


def _require_free_name(manager: ResourceManager, account: StateAccount) -> None:
    path = f"/subscriptions/{account.subscription_id}/providers/Microsoft.Storage/checkNameAvailability"
    question = {"name": account.name, "type": "Microsoft.Storage/storageAccounts"}
    answer = manager.post(path, wanted.STORAGE_API, question)
    if not answer.get("nameAvailable", False):
        raise _taken(account, str(answer.get("message") or answer.get("reason") or "it is taken"))


def _taken(account: StateAccount, said: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"The storage account name {account.name} is not free: {said}",
        hint="Name another under state.account in environments.toml; if it is yours in another resource "
        "group, name that under state.resource_group.",
        details={"name": account.name},
    )


def _lets_write(assignment: dict[str, Any]) -> bool:
    role = str((assignment.get("properties") or {}).get("roleDefinitionId", ""))
    return role.rsplit("/", 1)[-1] in {BLOB_DATA_CONTRIBUTOR, BLOB_DATA_OWNER}
