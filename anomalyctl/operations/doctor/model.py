"""Whether the language model that is to write contexts can be deployed, and for how long it lives."""

from __future__ import annotations

from datetime import timedelta

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.models import ModelLife, life_in_region, life_in_table
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import Site

_NAME = "language model"
_API = "2024-10-01"
_SOON = timedelta(days=120)
_MEND = (
    "Choose another in openai_model_name and openai_model_version: "
    "az cognitiveservices model list --location "
)


def language_model(site: Site) -> Check:
    """The model's stage and last day in the environment's region."""
    site.signed_in()
    site.require_concern("azurerm_cognitive_account", "azurerm_cognitive_deployment")
    values = site.variables()
    name, version = str(values["openai_model_name"]), str(values["openai_model_version"])
    mend = _MEND + site.location
    path = f"{site.subscription_path}/providers/Microsoft.CognitiveServices/locations/{site.location}/models"
    try:
        offered = site.manager.list(path, _API)
    except (AzureRefused, NotAllowed):
        offered = []
    life = life_in_region(offered, name, version)
    if offered and life is None:
        return Check(_NAME, "failed", f"{name} {version} is not offered in {site.location}", mend)
    life = life or life_in_table(name, version)
    if life is None:
        return Check(_NAME, "warning", f"nothing is known of {name} {version}", mend)
    sku = str(values["openai_sku_name"])
    if life.skus and sku not in life.skus:
        found = f"{name} {version} is offered in {site.location} as {', '.join(life.skus)}, not as {sku}"
        return Check(_NAME, "failed", found, "Set openai_sku_name to one of these.")
    return _judged(site, life, mend)


def _judged(site: Site, life: ModelLife, mend: str) -> Check:
    until = f", retires on {life.retires_on}" if life.retires_on else ""
    found = f"{life.name} {life.version}: {life.stage}{until} ({life.source})"
    left = life.retires_on - site.now.date() if life.retires_on else _SOON
    if left <= timedelta(0):
        return Check(_NAME, "failed", f"{found}: it answers 410", mend)
    if life.stage == "deprecated":
        return Check(_NAME, "warning", f"{found}; it deploys only where it was deployed before", mend)
    if left < _SOON:
        return Check(_NAME, "warning", f"{found}, in {left.days} days", mend)
    return Check(_NAME, "ok", found)
