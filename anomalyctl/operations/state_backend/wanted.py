"""What the state's storage account must be like, and what of it is not yet so."""

from __future__ import annotations

from typing import Any, Final

from anomalyctl.azure.backend import StateAccount

STORAGE_API: Final = "2024-01-01"
LOCKS_API: Final = "2020-05-01"
LOCK_NAME: Final = "anomalyctl-state"
KEPT_DAYS: Final = 30
"""How long deleted blobs and containers can be brought back."""

Document = dict[str, Any]


def group_body(account: StateAccount) -> Document:
    """The resource group, which holds the state alone."""
    return {"location": account.location, "tags": _TAGS}


def account_body(account: StateAccount) -> Document:
    """A new account: copied across zones, no shared keys, nothing public, TLS 1.2."""
    return {
        "location": account.location,
        "kind": "StorageV2",
        "sku": {"name": account.sku},
        "tags": _TAGS,
        "properties": ACCOUNT_PROPERTIES | {"publicNetworkAccess": "Enabled"},
    }


def container_body() -> Document:
    """The container of all workspaces."""
    return {"properties": {"publicAccess": "None"}}


def lock_body() -> Document:
    """Deleting the account needs the lock to be deleted first."""
    return {
        "properties": {
            "level": "CanNotDelete",
            "notes": "Holds Terraform states. Made by `anomalyctl state bootstrap`.",
        }
    }


def account_drift(found: Document) -> Document:
    """The properties of an account that must change; empty where it is as it should be.

    What an administrator made stricter stays: networks that may reach it, a newer TLS version.
    """
    properties = found.get("properties") or {}
    drift = {name: value for name, value in ACCOUNT_PROPERTIES.items() if properties.get(name) != value}
    if properties.get("minimumTlsVersion", "") > str(ACCOUNT_PROPERTIES["minimumTlsVersion"]):
        drift.pop("minimumTlsVersion", None)
    return drift


def blob_service_wanted(found: Document | None) -> Document | None:
    """The blob service's properties with versions and both soft deletes; None where they are so already."""
    properties = dict((found or {}).get("properties") or {})
    wanted = properties | {"isVersioningEnabled": True}
    for policy in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
        kept = dict(properties.get(policy) or {})
        if not kept.get("enabled") or int(kept.get("days") or 0) < KEPT_DAYS:
            wanted[policy] = kept | {"enabled": True, "days": KEPT_DAYS}
    return None if found and wanted == properties else wanted


ACCOUNT_PROPERTIES: Final[Document] = {
    "minimumTlsVersion": "TLS1_2",
    "allowSharedKeyAccess": False,
    "allowBlobPublicAccess": False,
    "supportsHttpsTrafficOnly": True,
    "defaultToOAuthAuthentication": True,
    "allowCrossTenantReplication": False,
}
_TAGS: Final = {"managed_by": "anomalyctl", "purpose": "terraform-state"}
