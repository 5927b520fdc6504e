"""A container app: which image it runs, giving it another, and whether its newest revision is ready."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.errors import AnomalyctlError, Locked, NotDeployed, TimedOut

if TYPE_CHECKING:
    from anomalyctl.azure.resource_manager import Document, ResourceManager

CONTAINER_APPS_API: Final = "2024-03-01"
_READY_WITHIN_S: Final = 600
_POLL_S: Final = 5.0
_BUSY_TRIES: Final = 12


class RevisionFailed(AnomalyctlError):
    """The new revision did not become ready; the one before it goes on serving."""

    code = "revision_failed"


class ContainerApp:
    """One app (or job), through Resource Manager."""

    def __init__(self, manager: ResourceManager, app_id: str, sleep: Callable[[float], None]) -> None:
        self._manager = manager
        self._id = app_id
        self._sleep = sleep

    def read(self) -> Document:
        """The app as it is. Raises NotDeployed where there is none."""
        found = self._manager.get(self._id, CONTAINER_APPS_API)
        if found is None:
            raise NotDeployed(f"There is no {'/'.join(self._id.split('/')[-2:])}.", hint="Deploy first.")
        return found

    def image(self) -> str:
        """What its first container runs."""
        return str(containers_of(self.read())[0].get("image", ""))

    def run_image(self, image: str, *, port: int | None = None, probes: list[Document] | None = None) -> str:
        """Have the first container run `image`; the name of the revision that this makes.

        Everything else stays as it is. Raises Locked where another change goes on for minutes.
        """
        found = self.read()
        containers = copy.deepcopy(containers_of(found))
        containers[0]["image"] = image
        if probes is not None:
            containers[0]["probes"] = probes
        template = {**copy.deepcopy(found["properties"]["template"]), "containers": containers}
        template.pop("revisionSuffix", None)  # a suffix that was used before would be refused
        properties: dict[str, Any] = {"template": template}
        if port is not None:
            properties["configuration"] = {"ingress": {"targetPort": port}}
        changed = self.change({"properties": properties})
        return str((changed.get("properties") or {}).get("latestRevisionName", ""))

    def wait_until_ready(self, image: str) -> None:
        """Wait until the newest revision is ready and runs `image`. Raises RevisionFailed, TimedOut."""
        for _ in range(int(_READY_WITHIN_S / _POLL_S)):
            properties = self.read()["properties"]
            newest, ready = properties.get("latestRevisionName"), properties.get("latestReadyRevisionName")
            if (
                newest
                and newest == ready
                and containers_of({"properties": properties})[0].get("image") == image
            ):
                return
            if newest:
                self._check(str(newest))
            self._sleep(_POLL_S)
        raise TimedOut(
            f"The new revision is not ready after {_READY_WITHIN_S // 60} minutes; the one before it serves.",
            hint="Look at its log: anomalyctl logs detectors, then run the same command again.",
        )

    def change(self, body: Document) -> Document:
        """Change what the body names, and wait. Raises Locked where another change goes on for minutes."""
        for _ in range(_BUSY_TRIES):
            try:
                return self._manager.patch(self._id, CONTAINER_APPS_API, body)
            except AzureRefused as error:
                if error.status != 409:
                    raise
                busy = error
            self._sleep(_POLL_S)
        raise Locked(f"Another change of the app goes on: {busy.message}", hint="Try again in a few minutes.")

    def _check(self, revision: str) -> None:
        found = self._manager.get(f"{self._id}/revisions/{revision}", CONTAINER_APPS_API) or {}
        properties = found.get("properties") or {}
        if properties.get("provisioningState") == "Failed" or properties.get("healthState") == "Unhealthy":
            said = str(properties.get("provisioningError") or properties.get("runningState") or "unhealthy")
            raise RevisionFailed(
                f"The revision {revision} does not start: {' '.join(said.split())[:200]}.",
                hint="The one before it serves. Look at its log: anomalyctl logs detectors.",
            )


def containers_of(app: Document) -> list[Document]:
    """The containers of its template."""
    return list(app["properties"]["template"]["containers"])
