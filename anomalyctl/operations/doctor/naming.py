"""Whether the names that must be unique in the world can still be had."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Final

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import COGNITIVE_API, VAULTS_API, Site

_COSMOS_API = "2024-05-15"

_NO_TARGET: Final = "not looked at: no target needs it"
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "container_registry": ("azurerm_container_registry",),
    "cosmos_db": ("azurerm_cosmosdb_account",),
    "dashboard": ("azurerm_linux_web_app",),
    "functions": ("azurerm_linux_function_app", "azurerm_function_app_flex_consumption"),
    "key_vault": ("azurerm_key_vault",),
    "managed_redis": ("azurerm_managed_redis",),
    "openai": ("azurerm_cognitive_account",),
    "redis_cache": ("azurerm_redis_cache",),
    "service_bus": ("azurerm_servicebus_namespace",),
    "storage": ("azurerm_storage_account",),
}
"""What each name is for."""


@dataclass(frozen=True, slots=True)
class _Question:
    """How a service is asked whether a name is free."""

    key: str
    path: str
    api_version: str
    body: dict[str, str]
    name_field: str = "name"
    answer_field: str = "nameAvailable"


_QUESTIONS = (
    _Question(
        "storage",
        "Microsoft.Storage/checkNameAvailability",
        "2024-01-01",
        {"type": "Microsoft.Storage/storageAccounts"},
    ),
    _Question(
        "key_vault",
        "Microsoft.KeyVault/checkNameAvailability",
        VAULTS_API,
        {"type": "Microsoft.KeyVault/vaults"},
    ),
    _Question(
        "openai",
        "Microsoft.CognitiveServices/checkDomainAvailability",
        COGNITIVE_API,
        {"type": "Microsoft.CognitiveServices/accounts", "kind": "OpenAI"},
        "subdomainName",
        "isSubdomainAvailable",
    ),
    _Question(
        "container_registry",
        "Microsoft.ContainerRegistry/checkNameAvailability",
        "2023-07-01",
        {"type": "Microsoft.ContainerRegistry/registries"},
    ),
    _Question("functions", "Microsoft.Web/checknameavailability", "2023-12-01", {"type": "Site"}),
    _Question("service_bus", "Microsoft.ServiceBus/CheckNameAvailability", "2021-11-01", {}),
    _Question(
        "redis_cache",
        "Microsoft.Cache/CheckNameAvailability",
        "2024-11-01",
        {"type": "Microsoft.Cache/Redis"},
    ),
    _Question("dashboard", "Microsoft.Web/checknameavailability", "2023-12-01", {"type": "Site"}),
)


def names(site: Site) -> Check:
    """Whether each name is ours already, or free."""
    site.signed_in()
    site.ask_ahead(site.deployed, site.deleted_vaults, site.deleted_accounts)
    ours = site.deployed()
    reserved = site.deleted_vaults().keys() | site.deleted_accounts().keys()
    wanted = {
        key: name
        for key, name in site.names.items()
        if name.lower() not in ours
        and name.lower() not in reserved
        and site.concerns(*_TYPES[key])
        and _is_used(site, key)
    }
    if not wanted:
        return Check(
            "names", "ok", "none to be given" if site.concerns(*sum(_TYPES.values(), ())) else _NO_TARGET
        )
    taken = [name for name in site.at_once(lambda item: _taken(site, *item), list(wanted.items())) if name]
    if taken:
        return Check(
            "names",
            "failed",
            f"in use by somebody else: {', '.join(taken)}",
            "Choose another project_name, or import what is yours: anomalyctl import",
        )
    kept = len(site.names) - len(wanted)
    return Check("names", "ok", f"{len(wanted)} free" + (f", {kept} ours or not used" if kept else ""))


def soft_deleted(site: Site) -> Check:
    """Whether something deleted holds a name that is to be given again."""
    site.signed_in()
    site.require_concern(*_TYPES["openai"], *_TYPES["key_vault"])
    site.ask_ahead(site.deployed, site.deleted_vaults, site.deleted_accounts)
    names, ours = site.names, site.deployed()
    account = site.deleted_accounts().get(names["openai"].lower())
    vault = site.deleted_vaults().get(names["key_vault"].lower())
    if account is not None and names["openai"].lower() not in ours:
        return Check(
            "soft-deleted names",
            "failed",
            f"deleted but not purged: Azure OpenAI account {names['openai']}",
            f"az cognitiveservices account purge --name {names['openai']} --resource-group "
            f"{_group_of(account) or site.resource_group} "
            f"--location {account.get('location', site.location)}",
        )
    if vault is not None and names["key_vault"].lower() not in ours:
        until = str((vault.get("properties") or {}).get("scheduledPurgeDate", ""))[:10]
        return Check(
            "soft-deleted names",
            "warning",
            f"vault {names['key_vault']} (deleted, kept until {until or 'it is purged'}) comes back with its "
            "secrets when deployed",
            "Nothing, where that is wanted; it must be in the same region. To give it up where purging is "
            f"allowed: az keyvault purge --name {names['key_vault']}",
        )
    return Check("soft-deleted names", "ok", "none in the way")


def _taken(site: Site, key: str, name: str) -> str:
    """The name, where it is taken; else nothing."""
    if key == "cosmos_db":
        path = f"/providers/Microsoft.DocumentDB/databaseAccountNames/{name}"
        return name if site.manager.exists(path, _COSMOS_API) else ""
    if key == "managed_redis":  # nobody can be asked for it; what has the name has its address, too
        return name if _has_address(site, f"{name}.{site.location}.redis.azure.net") else ""
    question = next((question for question in _QUESTIONS if question.key == key), None)
    if question is None:
        return ""
    path = f"{site.subscription_path}/providers/{question.path}"
    try:
        answer = site.manager.post(path, question.api_version, {question.name_field: name, **question.body})
    except AzureRefused as error:
        if error.status == 409:  # how Azure Cache for Redis says it
            return name
        raise
    return "" if answer.get(question.answer_field, True) else name


def _has_address(site: Site, host: str) -> bool:
    cloud = site.session.cloud
    if cloud.private:
        return False  # names of another cloud stand elsewhere
    try:
        return bool(socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM))
    except OSError:
        return False


def _is_used(site: Site, key: str) -> bool:
    if key in ("managed_redis", "redis_cache"):
        managed = site.variables()["redis_flavor"] == "managed"
        return bool(managed == (key == "managed_redis"))
    return key != "service_bus" or bool(site.variables()["service_bus_enabled"])


def _group_of(account: dict[str, Any]) -> str:
    parts = str(account.get("id", "")).split("/")
    lowered = [part.lower() for part in parts]
    return parts[lowered.index("resourcegroups") + 1] if "resourcegroups" in lowered[:-1] else ""
