"""A resource's life in the pretended Azure: create, read, update, delete, and what may go wrong."""

from __future__ import annotations

import threading
from typing import Any

from tests.support.azurerm.cloud import Cloud, Resource
from tests.support.azurerm.troubles import Troubles

_ASSIGNED = ("/providers/Microsoft.Authorization/", "/providers/Microsoft.Consumption/", "|")


class Refused(Exception):
    """Azure said no. `kept` is what Terraform must remember nevertheless."""

    def __init__(self, text: str, kept: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.kept = kept


class Lifecycle:
    """Does to the cloud what Terraform asks, slowly or wrongly where a test wishes it."""

    def __init__(self, cloud: Cloud, troubles: Troubles) -> None:
        self._cloud = cloud
        self._troubles = troubles
        self.stopped = threading.Event()
        self.persists_early = False
        """Whether `features` says to keep the id before Azure is done."""

    def create(self, type_name: str, state: dict[str, Any]) -> dict[str, Any]:
        """Bring it into being. Azure has it from the first moment on, also where the waiting is cut short."""
        resource = Resource(type_name, str(state["id"]), state)
        if self._cloud.find(type_name, resource.id):
            raise Refused(
                f'a resource with the ID "{resource.id}" already exists - to be managed via Terraform this '
                "resource needs to be imported into the State. Please see the resource documentation for "
                f'"{type_name}" for more information.'
            )
        self._begin("create", resource)
        self._cloud.put(resource)
        self._wait("create", resource, kept=state if self.persists_early else None)
        return self._end("create", resource)

    def read(self, type_name: str, identity: str) -> dict[str, Any] | None:
        """What it is now; None where it is gone."""
        resource = self._cloud.find(type_name, identity)
        if resource is None:
            return None
        if error := self._troubles.error("read", resource):
            raise Refused(error, kept=resource.state)
        return self._troubles.drifted(resource)

    def update(self, type_name: str, prior: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
        """Change it; a change that fails leaves it as it was."""
        resource = Resource(type_name, str(state["id"]), state)
        try:
            self._begin("update", resource)
        except Refused as refused:
            raise Refused(str(refused), kept=prior) from refused
        self._wait("update", resource, kept=prior)
        if prior["id"] != resource.id:
            self._cloud.delete(type_name, str(prior["id"]))
        self._cloud.put(resource)
        return self._end("update", resource)

    def delete(self, type_name: str, prior: dict[str, Any]) -> None:
        """Take it away; a resource group that still holds something stays."""
        resource = Resource(type_name, str(prior["id"]), prior)
        try:
            self._begin("delete", resource)
            self._refuse_a_full_group(resource)
        except Refused as refused:
            raise Refused(str(refused), kept=prior) from refused
        self._wait("delete", resource, kept=prior)
        self._cloud.delete(type_name, resource.id)
        self._end("delete", resource)

    def _begin(self, operation: str, resource: Resource) -> None:
        self._cloud.record(f"{operation}-begin", resource.type, resource.id)
        self._troubles.die_if_asked(operation, resource)
        if error := self._troubles.error(operation, resource):
            raise Refused(error)

    def _wait(self, operation: str, resource: Resource, kept: dict[str, Any] | None) -> None:
        seconds = self._troubles.seconds(operation, resource)
        if seconds and self.stopped.wait(seconds):
            raise Refused(f"polling after {operation} of {resource.id}: the context was canceled", kept=kept)

    def _end(self, operation: str, resource: Resource) -> dict[str, Any]:
        self._cloud.record(f"{operation}-end", resource.type, resource.id)
        return resource.state

    def _refuse_a_full_group(self, group: Resource) -> None:
        if group.type != "azurerm_resource_group":
            return
        inside = [
            one.id
            for one in self._cloud.resources()
            if one.id.startswith(group.id + "/") and not any(mark in one.id for mark in _ASSIGNED)
        ]
        if inside:
            listed = "\n".join(f"* `{identity}`" for identity in inside)
            raise Refused(
                f'deleting Resource Group "{group.name}": the Resource Group still contains Resources.\n\n'
                "Terraform is configured to check for Resources within it when deleting a Resource Group and "
                "to raise an error if nested Resources still exist, to avoid unintentionally deleting these. "
                "Terraform has detected that the following Resources still exist "
                f"within the Resource Group:\n\n{listed}"
            )
