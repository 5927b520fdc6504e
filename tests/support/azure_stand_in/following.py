"""Resource Manager learns what Terraform made with the stand-in provider, and what it took away again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.azure_stand_in.paper import Paper
from tests.support.azure_stand_in.publishing import Places, PublishingStandIn
from tests.support.azurerm.answers import conform
from tests.support.azurerm.cloud import Cloud, Resource
from tests.support.azurerm.mirror import StandIn
from tests.support.azurerm.schema import provider_schema

_NEEDED = {
    "registry": "azurerm_container_registry",
    "app": "azurerm_container_app",
    "functions": "azurerm_linux_function_app",
    "dashboard": "azurerm_linux_web_app",
}


@dataclass
class Following:
    """Looks before each answer; the services have what is published to them as soon as all of it stands."""

    provider: StandIn
    paper: Paper
    services: PublishingStandIn
    stands: Callable[[Places], None]
    """Told once, when everything that is published to stands."""
    known: set[str] = field(default_factory=set)
    _groups: set[str] = field(default_factory=set)
    _seen: int = -1

    def look(self) -> None:
        """Bring the paper to what exists now."""
        changed = Path(self.provider.folder, "resources").stat().st_mtime_ns
        if changed == self._seen:
            return
        self._seen = changed
        self._list_groups(self.provider.cloud)
        ids = {one.type: one.id for one in self.provider.cloud.resources()}
        if not self.known and set(_NEEDED.values()) <= set(ids):
            places = {name: ids[kind] for name, kind in _NEEDED.items()}
            places["job"] = ids.get("azurerm_container_app_job", f"{ids['azurerm_container_app']}-no-job")
            self.services.places = Places(**places)
            self.services.furnish(self.paper)
            self.known = set(places.values())
            self.stands(self.services.places)
            pattern = f"PATCH {places['app']}".replace(".", r"\.")
            self.paper.hooks.append((pattern, self._tell_terraform))
            marks = r"PATCH .+/providers/Microsoft\.Resources/tags/default"
            self.paper.hooks.append((marks, self._tell_of_marks))
        for gone in self.known - set(ids.values()):
            for key in [key for key in self.paper.resources if key.startswith(gone.lower())]:
                del self.paper.resources[key]

    def _tell_terraform(self) -> None:
        """The next refresh finds the image, port and probes that somebody gave the app beside Terraform."""
        (app,) = self.provider.cloud.resources("azurerm_container_app")
        changed = self.paper.resources[app.id.lower()]["properties"]
        told = changed["template"]["containers"][0]
        state = copy.deepcopy(app.state)
        container = state["template"][0]["container"][0]
        container["image"] = told["image"]
        for probe in told.get("probes", ()):
            container[f"{probe['type'].lower()}_probe"] = [_probe(probe)]
        configuration = changed["configuration"]
        state["ingress"][0]["target_port"] = configuration["ingress"]["targetPort"]
        state["ingress"][0]["traffic_weight"] = [_share(one) for one in configuration["ingress"]["traffic"]]
        state["revision_mode"] = configuration["activeRevisionsMode"]
        conformed = conform(provider_schema().resources[app.type]["block"], state)
        self.provider.cloud.put(Resource(app.type, app.id, conformed))

    def _tell_of_marks(self) -> None:
        """The next refresh finds the sites' tags as `publish` left them."""
        for kind in ("azurerm_linux_function_app", "azurerm_linux_web_app"):
            for site in self.provider.cloud.resources(kind):
                told = self.paper.resources[f"{site.id}/providers/Microsoft.Resources/tags/default".lower()]
                mark = told["properties"]["tags"].get("published")
                tags = {
                    name: value for name, value in (site.state["tags"] or {}).items() if name != "published"
                }
                state = {**site.state, "tags": tags | ({"published": mark} if mark else {})}
                if state != site.state:
                    self.provider.cloud.put(Resource(site.type, site.id, state))

    def _list_groups(self, cloud: Cloud) -> None:
        """What stands in each group, as Azure lists it: nothing below another resource."""
        everything = cloud.resources()
        self._groups |= {one.id for one in everything if one.type == "azurerm_resource_group"}
        for group in self._groups:
            inside = [
                {"id": one.id, "name": one.name}
                for one in everything
                if one.id.startswith(f"{group}/providers/") and len(one.id.split("/")) == 9
            ]
            self.paper.collections[f"{group}/resources".lower()] = ("2025-04-01", inside)


def _probe(told: dict[str, Any]) -> dict[str, Any]:
    """A probe of Resource Manager's as azurerm has it."""
    asked = told["httpGet"]
    found = {
        "transport": asked["scheme"],
        "port": asked["port"],
        "path": asked["path"],
        "interval_seconds": told["periodSeconds"],
        "timeout": told["timeoutSeconds"],
        "failure_count_threshold": told["failureThreshold"],
    }
    if "successThreshold" in told:
        found["success_count_threshold"] = told["successThreshold"]
    return found


def _share(told: dict[str, Any]) -> dict[str, Any]:
    """A part of the traffic, as the provider reads it."""
    return {
        "latest_revision": bool(told.get("latestRevision")),
        "percentage": told["weight"],
        "revision_suffix": str(told.get("revisionName", "")).rpartition("--")[2] or None,
        "label": told.get("label"),
    }
