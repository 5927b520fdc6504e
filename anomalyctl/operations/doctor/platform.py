"""Whether the subscription's services are switched on."""

from __future__ import annotations

from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import RESOURCES_API, Site


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


def _state(site: Site, namespace: str) -> str:
    found = site.manager.get(f"{site.subscription_path}/providers/{namespace}", RESOURCES_API)
    return str((found or {}).get("registrationState", "unknown"))
