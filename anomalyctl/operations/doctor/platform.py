"""What the subscription must offer: registered resource providers, and quota."""

from __future__ import annotations

from typing import Any

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import COGNITIVE_API, RESOURCES_API, Site

_COUNTED = (
    ("Microsoft.Storage", "2024-01-01", "StorageAccounts", "storage accounts"),
    ("Microsoft.App", "2024-03-01", "ManagedEnvironmentCount", "Container Apps environments"),
    ("Microsoft.Network", "2024-05-01", "VirtualNetworks", "virtual networks"),
)


def resource_providers(site: Site) -> Check:
    """Whether Azure's services are switched on in the subscription."""
    site.signed_in()
    registering = frozenset(site.variables()["resource_providers_to_register"])
    wanted = sorted(registering | {"Microsoft.Storage"})
    states = site.at_once(lambda namespace: _state(site, namespace), wanted)
    off = [namespace for namespace, state in zip(wanted, states, strict=True) if state != "Registered"]
    if not off:
        return Check("resource providers", "ok", f"{len(wanted)} registered")
    commands = "; ".join(f"az provider register --namespace {namespace} --wait" for namespace in off)
    found = f"not registered: {', '.join(off)}"
    return Check("resource providers", "warning", f"{found}; Terraform registers them if it may", commands)


def quota(site: Site) -> Check:
    """Whether the region has room for what is not deployed yet."""
    site.signed_in()
    values = site.variables()
    site.ask_ahead(site.deployed)
    model = f"OpenAI.{values['openai_sku_name']}.{values['openai_model_name']}"
    questions = (("Microsoft.CognitiveServices", COGNITIVE_API, model, ""), *_COUNTED)
    tokens, *counts = site.at_once(lambda question: _room(site, *question[:3]), questions)
    deployed = site.deployed()
    lacking: list[str] = []
    unseen: list[str] = []
    if site.names["openai"].lower() not in deployed:
        wanted = int(values["openai_capacity"])
        if tokens is None:
            unseen.append(model)
        elif tokens < wanted:
            lacking.append(
                f"{model}: {tokens:g} thousand tokens a minute left, {wanted} wanted (openai_capacity)"
            )
    if not deployed:
        for (*_, what), room in zip(_COUNTED, counts, strict=True):
            if room is not None and room < 1:
                lacking.append(f"{what}: none left in {site.location}")
    if lacking:
        return Check(
            "quota",
            "failed",
            "; ".join(lacking),
            f"Ask for more: {site.session.cloud.portal}/#view/Microsoft_Azure_Capacity/QuotaMenuBlade, or "
            "lower openai_capacity.",
        )
    if unseen:
        return Check(
            "quota",
            "warning",
            f"Azure tells no quota for {unseen[0]} in {site.location}",
            f"Look for it: az cognitiveservices usage list --location {site.location} --output table",
        )
    return Check("quota", "ok", f"enough in {site.location}")


def _state(site: Site, namespace: str) -> str:
    found = site.manager.get(f"{site.subscription_path}/providers/{namespace}", RESOURCES_API)
    return str((found or {}).get("registrationState", "unknown"))


def _room(site: Site, namespace: str, api_version: str, name: str) -> float | None:
    """What is left of a quota; None where Azure does not tell."""
    path = f"{site.subscription_path}/providers/{namespace}/locations/{site.location}/usages"
    try:
        usages = site.manager.list(path, api_version)
    except (AzureRefused, NotAllowed):
        return None
    for usage in usages:
        if _name(usage) == name.lower():
            return float(usage.get("limit") or 0) - float(usage.get("currentValue") or 0)
    return None


def _name(usage: dict[str, Any]) -> str:
    return str((usage.get("name") or {}).get("value", "")).lower()
