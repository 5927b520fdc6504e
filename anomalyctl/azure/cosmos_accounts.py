"""Cosmos DB accounts through Resource Manager: what can be restored, a restored account, and its settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import NotFound
from anomalyctl.telemetry.times import parse_time

if TYPE_CHECKING:
    from anomalyctl.azure.resource_manager import Document, ResourceManager

COSMOS_API: Final = "2024-11-15"
NAMES_API: Final = "2024-05-15"
_PROVIDER: Final = "Microsoft.DocumentDB"
_CLOSED: Final = (
    "publicNetworkAccess",
    "disableLocalAuth",
    "disableKeyBasedMetadataWriteAccess",
    "minimalTlsVersion",
    "ipRules",
    "isVirtualNetworkFilterEnabled",
    "virtualNetworkRules",
    "networkAclBypass",
)
"""Who gets in: a restore does not bring these along by itself."""
_KEPT: Final = (
    *_CLOSED,
    "consistencyPolicy",
    "capabilities",
    "backupPolicy",
    "enableAutomaticFailover",
    "networkAclBypassResourceIds",
    "keyVaultKeyUri",
    "defaultIdentity",
)


@dataclass(frozen=True, slots=True)
class Restorable:
    """An account, standing or deleted, that can be restored to any second of a span."""

    id: str
    account: str
    oldest: datetime
    newest: datetime | None
    """When it was deleted; None while it stands."""


def restorable_accounts(manager: ResourceManager, location: str, account: str) -> list[Restorable]:
    """What can be restored of the accounts of that name in a location; a name may have been used again."""
    place = location.replace(" ", "").lower()
    path = f"/subscriptions/{manager.subscription_id}/providers/{_PROVIDER}/locations/{place}"
    found = []
    for one in manager.list(f"{path}/restorableDatabaseAccounts", COSMOS_API):
        about = one.get("properties") or {}
        if about.get("accountName") != account:
            continue
        created = parse_time(str(about["creationTime"]))
        oldest = about.get("oldestRestorableTime")
        deleted = about.get("deletionTime")
        found.append(
            Restorable(
                id=str(one["id"]),
                account=account,
                oldest=max(created, parse_time(str(oldest))) if oldest else created,
                newest=parse_time(str(deleted)) if deleted else None,
            )
        )
    return found


def read_account(manager: ResourceManager, account_id: str) -> Document:
    """An account as it stands. Raises NotFound."""
    found = manager.get(account_id, COSMOS_API)
    if found is None:
        raise NotFound(
            f"There is no Cosmos DB account {account_id.rpartition('/')[2]}.",
            hint="Was it deleted? Azure restores a deleted account under its own name: az cosmosdb restore.",
        )
    return found


def restored_to(account: Document) -> str:
    """The second that an account was restored to, as Azure tells it; "" for one that was not."""
    about = account.get("properties") or {}
    return str((about.get("restoreParameters") or {}).get("restoreTimestampInUtc") or "")


def name_is_taken(manager: ResourceManager, account_id: str) -> bool:
    """Whether anybody in the world has an account of that name."""
    name = account_id.rpartition("/")[2]
    if manager.get(account_id, COSMOS_API) is not None:
        return True
    return manager.exists(f"/providers/{_PROVIDER}/databaseAccountNames/{name}", NAMES_API)


def restored_account(old: Document, source: str, at: str) -> Document:
    """The body that makes an account like `old` with the data of a second. TTL is off in it: else what was
    due to go since that second would go at once.
    """
    about = old["properties"]
    settings = {name: about[name] for name in _KEPT if about.get(name) is not None}
    first = min(about["locations"], key=lambda one: int(one["failoverPriority"]))
    body: dict[str, Any] = {
        "location": old["location"],
        "kind": old.get("kind", "GlobalDocumentDB"),
        "tags": old.get("tags") or {},
        "properties": {
            **settings,
            "databaseAccountOfferType": about.get("databaseAccountOfferType", "Standard"),
            # A restore makes one region; Terraform adds the others.
            "locations": [
                {
                    "locationName": first["locationName"],
                    "failoverPriority": 0,
                    "isZoneRedundant": bool(first.get("isZoneRedundant")),
                }
            ],
            "createMode": "Restore",
            "restoreParameters": {
                "restoreMode": "PointInTime",
                "restoreSource": source,
                "restoreTimestampInUtc": at,
                "restoreWithTtlDisabled": True,
            },
        },
    }
    if identities := (old.get("identity") or {}).get("userAssignedIdentities"):
        body["identity"] = {
            "type": old["identity"]["type"],
            "userAssignedIdentities": {name: {} for name in identities},
        }
    return body


def close_like(manager: ResourceManager, old: Document, new_id: str) -> tuple[str, ...]:
    """Have the new account let in whom the old one lets in, and nobody else; the settings that differed."""
    is_now = read_account(manager, new_id)["properties"]
    wanted = {name: old["properties"].get(name) for name in _CLOSED}
    differing = {
        name: value for name, value in wanted.items() if value is not None and is_now.get(name) != value
    }
    if differing:
        manager.patch(new_id, COSMOS_API, {"properties": differing})
    return tuple(differing)


def set_ttl(manager: ResourceManager, database_id: str, container: str, seconds: int) -> bool:
    """Have documents of a container expire by default after so many seconds (-1: only those that say so);
    False where it is so already. Raises NotFound.
    """
    path = f"{database_id}/containers/{container}"
    found = manager.get(path, COSMOS_API)
    if found is None:
        raise NotFound(f"There is no container {container} in {database_id.rpartition('/')[2]}.")
    resource = {name: value for name, value in found["properties"]["resource"].items() if name[0] != "_"}
    if resource.get("defaultTtl") == seconds:
        return False
    body = {"properties": {"resource": {**resource, "defaultTtl": seconds}, "options": {}}}
    if found.get("location"):
        body["location"] = found["location"]
    manager.put(path, COSMOS_API, body)
    return True
