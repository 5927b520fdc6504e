"""Revisions of a container app of paper: a new image makes one, and traffic goes where it is sent."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from tests.support.azure_stand_in.paper import Document, Paper
from tests.support.azure_stand_in.publishing import APP, APPS_API


@dataclass
class Revisions:
    """The app's revisions, by name; addresses and failures by image."""

    paper: Paper
    addresses: dict[str, str] = field(default_factory=dict)
    """Host and port at which an image answers."""
    broken: set[str] = field(default_factory=set)
    """Images that do not start."""
    divided: list[dict[str, int]] = field(default_factory=list)
    """How the traffic was divided, each change once."""
    images: dict[str, str] = field(default_factory=dict)
    app_id: str = APP
    domain: str = ""
    """Below which each revision has a name of its own; without it `addresses` tells."""

    _alone: threading.Lock = field(default_factory=threading.Lock)

    def install(self, image: str) -> None:
        """The app runs one revision of that image, as Terraform made it."""
        app = self.app
        app["template"]["containers"][0]["image"] = image
        app["configuration"].update(activeRevisionsMode="Single")
        app["configuration"]["ingress"]["traffic"] = [{"latestRevision": True, "weight": 100}]
        self.images = {app["latestRevisionName"]: image}
        self._tell(app["latestRevisionName"], active=True)
        self.paper.hooks[:] = [hook for hook in self.paper.hooks if not hook[0].startswith("PATCH")]
        self.paper.hooks.append((f"(GET|PATCH) {self.app_id}(/.*)?".replace(".", r"\.", 0), self._settle))

    @property
    def app(self) -> Document:
        return self.paper.resources[self.app_id.lower()]["properties"]

    @property
    def taking(self) -> dict[str, int]:
        """Images and their share of the traffic."""
        self._settle()
        found: dict[str, int] = {}
        for one in self.app["configuration"]["ingress"]["traffic"]:
            name = self.app["latestReadyRevisionName"] if one.get("latestRevision") else one["revisionName"]
            found[self.images[name]] = found.get(self.images[name], 0) + one["weight"]
        return found

    @property
    def as_terraform_has_it(self) -> bool:
        configuration = self.app["configuration"]
        return configuration["activeRevisionsMode"] == "Single" and configuration["ingress"]["traffic"] == [
            {"latestRevision": True, "weight": 100}
        ]

    def _settle(self) -> None:
        """Make the revision that a changed image asks for, and note how the traffic is divided."""
        with self._alone:  # tests look from threads of their own
            self._settle_alone()

    def _settle_alone(self) -> None:
        app = self.app
        image = app["template"]["containers"][0]["image"]
        if image != self.images[app["latestRevisionName"]]:
            name = f"{self.app_id.rpartition('/')[2]}--{len(self.images) + 1}"
            self.images[name] = image
            app["latestRevisionName"] = name
            self._tell(name, active=True)
            if image not in self.broken:
                app["latestReadyRevisionName"] = name
        taking = app["configuration"]["ingress"]["traffic"]
        named = {one.get("revisionName", "(latest)"): one["weight"] for one in taking}
        assert sum(named.values()) == 100, named
        assert set(named) - {"(latest)"} <= set(self.images), named
        if app["configuration"]["activeRevisionsMode"] == "Single":
            assert set(named) == {"(latest)"}, "a single revision takes all"
        if not self.divided or self.divided[-1] != named:
            self.divided.append(named)

    def _tell(self, name: str, *, active: bool) -> None:
        image = self.images[name]
        properties: dict[str, Any] = {
            "active": active,
            "fqdn": f"{name}.{self.domain}" if self.domain else self.addresses.get(image, "nowhere.example"),
            "provisioningState": "Failed" if image in self.broken else "Provisioned",
            "provisioningError": "ImagePullBackOff" if image in self.broken else "",
            "healthState": "Healthy",
            "template": {"containers": [{"name": "detectors", "image": image}]},
        }
        path = f"{self.app_id}/revisions/{name}"
        self.paper.resources[path.lower()] = {"name": name, "properties": properties}

        def stop(_: Any) -> Document:
            properties["active"] = False
            return {}

        self.paper.questions[f"{path}/deactivate".lower()] = (APPS_API, stop)
