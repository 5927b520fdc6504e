"""A subscription in which everything that the doctor asks is as it should be; tests spoil one thing each."""

from __future__ import annotations

from typing import Any

from anomalyctl.operations.doctor import Check, Examination
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Paper

ROOT = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUP = "rg-anomaly-detection-dev"
PERMISSIONS = f"{ROOT}/providers/microsoft.authorization/permissions"
VAULTS = f"{ROOT}/providers/microsoft.keyvault/deletedvaults"
ACCOUNTS = f"{ROOT}/providers/microsoft.cognitiveservices/deletedaccounts"
DEPLOYED = f"{ROOT}/resourcegroups/{GROUP}/resources"
MODELS = f"{ROOT}/providers/microsoft.cognitiveservices/locations/eastus/models"
COGNITIVE_USAGES = f"{ROOT}/providers/microsoft.cognitiveservices/locations/eastus/usages"
STORAGE_USAGES = f"{ROOT}/providers/microsoft.storage/locations/eastus/usages"
WEB_USAGES = f"{ROOT}/providers/microsoft.web/locations/eastus/usages"
COSMOS_NAMES = "/providers/microsoft.documentdb/databaseaccountnames/"
_COGNITIVE_API = "2024-10-01"


def furnish(paper: Paper) -> None:
    """Fill the paper: an owner's permissions, a model that lives long, quota, free names."""
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    reader = {"actions": ["*/read"], "notActions": []}
    administrator = {"actions": ["Microsoft.Authorization/roleAssignments/write"], "notActions": []}
    paper.collections |= {
        PERMISSIONS: ("2022-04-01", [reader, contributor, administrator]),
        VAULTS: ("2023-07-01", []),
        ACCOUNTS: (_COGNITIVE_API, []),
        MODELS: (
            _COGNITIVE_API,
            [offered("gpt-4o"), offered("gpt-5-nano"), offered("gpt-5.4-mini", "2026-03-17")],
        ),
        COGNITIVE_USAGES: (
            _COGNITIVE_API,
            [usage("OpenAI.Standard.gpt-4o", 0, 10), usage("OpenAI.GlobalStandard.gpt-5.4-mini", 10, 100)],
        ),
        WEB_USAGES: ("2023-12-01", [usage("Total Regional VMs", 0, 100), usage("B1 VMs", 0, 10)]),
        STORAGE_USAGES: ("2024-01-01", [usage("StorageAccounts", 7, 250)]),
    }
    for path, version, field, answer in (
        ("Microsoft.KeyVault/checkNameAvailability", "2023-07-01", "name", "nameAvailable"),
        ("Microsoft.ContainerRegistry/checkNameAvailability", "2023-07-01", "name", "nameAvailable"),
        ("Microsoft.Web/checknameavailability", "2023-12-01", "name", "nameAvailable"),
        ("Microsoft.ServiceBus/CheckNameAvailability", "2021-11-01", "name", "nameAvailable"),
        (
            "Microsoft.CognitiveServices/checkDomainAvailability",
            _COGNITIVE_API,
            "subdomainName",
            "isSubdomainAvailable",
        ),
    ):
        paper.questions[f"{ROOT}/providers/{path}".lower()] = (version, _availability(paper, field, answer))


def put(paper: Paper, path: str, *documents: dict[str, Any]) -> None:
    """List other documents at a path."""
    version, _ = paper.collections.get(path, ("2025-04-01", []))
    paper.collections[path] = (version, list(documents))


def told(examination: Examination, name: str) -> Check:
    """What one check says."""
    return next(check for check in examination.checks if check.name == name)


def offered(name: str, version: str = "2025-08-07", **more: Any) -> dict[str, Any]:
    """A model as Azure lists it."""
    model = {
        "format": "OpenAI",
        "name": name,
        "version": version,
        "lifecycleStatus": "GenerallyAvailable",
        "deprecation": {"inference": "2028-03-18T00:00:00Z"},
        "skus": [{"name": "GlobalStandard"}, {"name": "DataZoneStandard"}],
        **more,
    }
    return {"kind": "OpenAI", "skuName": "S0", "model": model}


def usage(name: str, used: float, limit: float) -> dict[str, Any]:
    """A quota as Azure lists it."""
    return {
        "name": {"value": name, "localizedValue": name},
        "currentValue": used,
        "limit": limit,
        "unit": "Count",
    }


def _availability(paper: Paper, field: str, answer: str) -> Any:
    def available(body: dict[str, Any]) -> dict[str, Any]:
        return {answer: body[field] not in paper.taken_names}

    return available
