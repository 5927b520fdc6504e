"""Whether the region has room in the subscription's quota for what is not deployed yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import COGNITIVE_API, Site

_WEB_API: Final = "2023-12-01"


@dataclass(frozen=True, slots=True)
class _Wish:
    """How much of one quota a first deployment takes, and where the quota is told."""

    namespace: str
    api_version: str
    quota: str
    """Azure's name of it, or the first word of that."""
    wanted: float
    resource_type: str
    lacking: Callable[[float], str]
    """The sentence for what is left."""
    must_be_told: bool = False


def quota(site: Site) -> Check:
    """Whether each quota leaves what a first deployment takes."""
    site.signed_in()
    site.ask_ahead(site.deployed)
    wishes = [wish for wish in _wishes(site) if site.concerns(wish.resource_type)]
    rooms = site.at_once(lambda wish: _room(site, wish), wishes)
    deployed = site.deployed()
    lacking: list[str] = []
    unseen: list[str] = []
    for wish, room in zip(wishes, rooms, strict=True):
        if site.names["openai"].lower() in deployed if wish.must_be_told else deployed:
            continue
        if room is not None and room < wish.wanted:
            lacking.append(wish.lacking(room))
        elif room is None and wish.must_be_told:
            unseen.append(wish.quota)
    if lacking:
        mend = (
            f"Ask for more: {site.session.cloud.portal}/#view/Microsoft_Azure_Capacity/QuotaMenuBlade, or "
            "choose less: openai_capacity, app_service_sku_size, another location."
        )
        return Check("quota", "failed", "; ".join(lacking), mend)
    if unseen:
        return Check(
            "quota",
            "warning",
            f"Azure tells no quota for {unseen[0]} in {site.location}",
            f"Look for it: az cognitiveservices usage list --location {site.location} --output table",
        )
    return Check(
        "quota", "ok", f"enough in {site.location}" if wishes else "not looked at: no target needs it"
    )


def _wishes(site: Site) -> tuple[_Wish, ...]:
    values = site.variables()
    model = f"OpenAI.{values['openai_sku_name']}.{values['openai_model_name']}"
    size, workers = str(values["app_service_sku_size"]), int(values["app_service_worker_count"])
    tokens = int(values["openai_capacity"])

    def none_left(what: str) -> Callable[[float], str]:
        return lambda _left: f"{what}: none left in {site.location}"

    return (
        _Wish(
            "Microsoft.CognitiveServices",
            COGNITIVE_API,
            model,
            tokens,
            "azurerm_cognitive_deployment",
            lambda left: (
                f"{model}: {left:g} thousand tokens a minute left, {tokens} wanted (openai_capacity)"
            ),
            must_be_told=True,
        ),
        _Wish(
            "Microsoft.Web",
            _WEB_API,
            size,
            workers,
            "azurerm_service_plan",
            lambda left: (
                f"App Service {size}: {left:g} instances left, {workers} wanted "
                "(app_service_sku_size, app_service_worker_count)"
            ),
        ),
        _Wish(
            "Microsoft.Storage",
            "2024-01-01",
            "StorageAccounts",
            1,
            "azurerm_storage_account",
            none_left("storage accounts"),
        ),
        _Wish(
            "Microsoft.App",
            "2024-03-01",
            "ManagedEnvironmentCount",
            1,
            "azurerm_container_app_environment",
            none_left("Container Apps environments"),
        ),
        _Wish(
            "Microsoft.Network",
            "2024-05-01",
            "VirtualNetworks",
            1,
            "azurerm_virtual_network",
            none_left("virtual networks"),
        ),
    )


def _room(site: Site, wish: _Wish) -> float | None:
    """What is left of a quota; None where Azure does not tell."""
    path = f"{site.subscription_path}/providers/{wish.namespace}/locations/{site.location}/usages"
    try:
        usages = site.manager.list(path, wish.api_version)
    except (AzureRefused, NotAllowed):
        return None
    for usage in usages:
        if _is_named(usage, wish.quota):
            return float(usage.get("limit") or 0) - float(usage.get("currentValue") or 0)
    return None


def _is_named(usage: dict[str, Any], quota: str) -> bool:
    """By its whole name; App Service writes the size first (`B1 VMs`)."""
    name = usage.get("name") or {}
    told = name.get("value") if isinstance(name, dict) else name
    return str(told).lower() == quota.lower() or str(told).lower().startswith(f"{quota.lower()} ")
