"""Whether the names that must be unique in the world can still be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import Site

_COGNITIVE_API = "2024-10-01"
_VAULTS_API = "2023-07-01"
_COSMOS_API = "2024-05-15"


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
        _VAULTS_API,
        {"type": "Microsoft.KeyVault/vaults"},
    ),
    _Question(
        "openai",
        "Microsoft.CognitiveServices/checkDomainAvailability",
        _COGNITIVE_API,
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
    _Question("dashboard", "Microsoft.Web/checknameavailability", "2023-12-01", {"type": "Site"}),
)


def names(site: Site) -> Check:
    """Whether each name is ours already, or free."""
    site.signed_in()
    ours = site.deployed()
    reserved = {name for name, _ in _deleted_vaults(site)} | {name for name, _ in _deleted_accounts(site)}
    wanted = {
        key: name
        for key, name in site.names.items()
        if name.lower() not in ours and name.lower() not in reserved and _is_used(site, key)
    }
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
    names, ours = site.names, site.deployed()
    blocked: list[str] = []
    commands: list[str] = []
    returning: list[str] = []
    for name, account in _deleted_accounts(site):
        if name == names["openai"].lower() and name not in ours:
            blocked.append(f"Azure OpenAI account {names['openai']}")
            commands.append(
                f"az cognitiveservices account purge --name {names['openai']} --resource-group "
                f"{_group_of(account) or site.resource_group} "
                f"--location {account.get('location', site.location)}"
            )
    for name, vault in _deleted_vaults(site):
        if name == names["key_vault"].lower() and name not in ours:
            until = str((vault.get("properties") or {}).get("scheduledPurgeDate", ""))[:10]
            returning.append(f"vault {names['key_vault']} (deleted, kept until {until or 'it is purged'})")
    if blocked:
        return Check(
            "soft-deleted names",
            "failed",
            f"deleted but not purged: {', '.join(blocked)}",
            "; ".join(commands),
        )
    if returning:
        return Check(
            "soft-deleted names",
            "warning",
            f"comes back with its secrets when deployed: {', '.join(returning)}",
            "Nothing, where that is wanted; it must be in the same region. To give it up where purging is "
            f"allowed: az keyvault purge --name {names['key_vault']}",
        )
    return Check("soft-deleted names", "ok", "none in the way")


def _taken(site: Site, key: str, name: str) -> str:
    """The name, where it is taken; else nothing."""
    if key == "cosmos_db":
        path = f"/providers/Microsoft.DocumentDB/databaseAccountNames/{name}"
        return name if site.manager.exists(path, _COSMOS_API) else ""
    question = next((question for question in _QUESTIONS if question.key == key), None)
    if question is None:
        return ""
    path = f"{site.subscription_path}/providers/{question.path}"
    answer = site.manager.post(path, question.api_version, {question.name_field: name, **question.body})
    return "" if answer.get(question.answer_field, True) else name


def _is_used(site: Site, key: str) -> bool:
    return key != "service_bus" or bool(site.variables()["service_bus_enabled"])


def _deleted_vaults(site: Site) -> list[tuple[str, dict[str, Any]]]:
    return _deleted(site, "Microsoft.KeyVault/deletedVaults", _VAULTS_API)


def _deleted_accounts(site: Site) -> list[tuple[str, dict[str, Any]]]:
    return _deleted(site, "Microsoft.CognitiveServices/deletedAccounts", _COGNITIVE_API)


def _deleted(site: Site, path: str, api_version: str) -> list[tuple[str, dict[str, Any]]]:
    found = site.manager.list(f"{site.subscription_path}/providers/{path}", api_version)
    return [(str(one.get("name", "")).lower(), one) for one in found]


def _group_of(account: dict[str, Any]) -> str:
    parts = str(account.get("id", "")).split("/")
    lowered = [part.lower() for part in parts]
    return parts[lowered.index("resourcegroups") + 1] if "resourcegroups" in lowered[:-1] else ""
