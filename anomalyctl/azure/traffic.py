"""Which revisions of a container app take the traffic, and how much of it each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anomalyctl.azure.container_apps import CONTAINER_APPS_API, ContainerApp, containers_of
from anomalyctl.azure.labels import BEFORE
from anomalyctl.errors import NotFound

if TYPE_CHECKING:
    from anomalyctl.azure.resource_manager import Document, ResourceManager

LATEST = "(latest)"
"""Stands for whichever revision is the newest."""


@dataclass(frozen=True, slots=True)
class Division:
    """How the traffic is divided now."""

    many: bool
    """Whether several revisions may be active at once."""
    weights: Mapping[str, int]
    """Percent, by revision; LATEST for the newest."""
    newest: str
    newest_ready: str
    image: str
    """Of the newest."""
    before: str = ""
    """The revision that a rollout which is not ended goes back to; "" where there is none."""

    @property
    def is_split(self) -> bool:
        """Say whether more than one revision takes traffic, or an older one is held to."""
        taking = [name for name, weight in self.weights.items() if weight]
        return len(taking) > 1 or self.many

    @property
    def serving(self) -> str:
        """The revision that takes most of the traffic."""
        name = max(self.weights.items(), key=lambda one: one[1])[0] if self.weights else LATEST
        return name if name != LATEST else self.newest_ready or self.newest


class Traffic:
    """The traffic of one app. Every change may be repeated."""

    def __init__(self, manager: ResourceManager, app_id: str, sleep: Callable[[float], None]) -> None:
        self._manager = manager
        self._id = app_id
        self.app = ContainerApp(manager, app_id, sleep)

    def division(self) -> Division:
        """How it is divided. Raises NotDeployed where there is no app."""
        return division_of(self.app.read())

    def divide(self, weights: Mapping[str, int], *, before: str) -> None:
        """Send so many percent to each of these revisions, several active at once. They sum up to 100.

        `before`, one of them, is labelled as what a rollout goes back to; `settle` takes the label away.
        """
        if sum(weights.values()) != 100 or before not in weights:
            raise ValueError(f"{dict(weights)} is not a hundred percent, or without {before}")
        taking = [
            {"revisionName": name, "weight": weight} | ({"label": BEFORE} if name == before else {})
            for name, weight in weights.items()
        ]
        self._configure({"activeRevisionsMode": "Multiple", "ingress": {"traffic": taking}})

    def settle(self) -> None:
        """All traffic to the newest revision and only that one active: as Terraform has it."""
        self._configure(
            {
                "activeRevisionsMode": "Single",
                "ingress": {"traffic": [{"latestRevision": True, "weight": 100}]},
            }
        )

    def stop(self, revision: str) -> None:
        """Take a revision out of service; one that is gone or stopped already is fine."""
        found = self._manager.get(f"{self._id}/revisions/{revision}", CONTAINER_APPS_API)
        if found is not None and found.get("properties", {}).get("active"):
            self._manager.act(f"{self._id}/revisions/{revision}/deactivate", CONTAINER_APPS_API)

    def address(self, revision: str) -> str:
        """Where one revision answers by itself. Raises NotFound."""
        found = self._manager.get(f"{self._id}/revisions/{revision}", CONTAINER_APPS_API) or {}
        name = str(found.get("properties", {}).get("fqdn", ""))
        if not name:
            raise NotFound(f"The revision {revision} has no address.", hint="Was it removed meanwhile?")
        return f"https://{name}"

    def image_of(self, revision: str) -> str:
        """What a revision runs; "" where it is gone."""
        found = self._manager.get(f"{self._id}/revisions/{revision}", CONTAINER_APPS_API) or {}
        template = (found.get("properties") or {}).get("template") or {}
        containers = template.get("containers") or [{}]
        return str(containers[0].get("image", ""))

    def _configure(self, configuration: Mapping[str, object]) -> None:
        self.app.change({"properties": {"configuration": dict(configuration)}})


def division_of(app: Document) -> Division:
    """How the traffic of an app, as Resource Manager tells it, is divided."""
    properties = app["properties"]
    configuration = properties.get("configuration") or {}
    taking = (configuration.get("ingress") or {}).get("traffic") or [{"latestRevision": True, "weight": 100}]
    return Division(
        many=str(configuration.get("activeRevisionsMode", "Single")).lower() == "multiple",
        weights={
            LATEST if one.get("latestRevision") else str(one.get("revisionName")): int(one.get("weight") or 0)
            for one in taking
        },
        newest=str(properties.get("latestRevisionName", "")),
        newest_ready=str(properties.get("latestReadyRevisionName", "")),
        image=str(containers_of(app)[0].get("image", "")),
        before=next((str(one.get("revisionName", "")) for one in taking if one.get("label") == BEFORE), ""),
    )
