"""Before anything is planned: the state's home is there, or is made."""

from __future__ import annotations

import os

from anomalyctl.azure.backend import read_backend_file
from anomalyctl.operations.infrastructure.place import find_place
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.watching import Watcher
from anomalyctl.provisioning.configuration import Configuration


def prepare_backend(request: Request, watcher: Watcher) -> None:
    """Make the storage account of the state where no backend is written down yet.

    Raises SignInFailed, PreconditionFailed and Transient as `state bootstrap` does.
    """
    place = find_place(request.environment, request.root)
    place.refresh()
    if not place.ours or Configuration(place.folder).backend != "azurerm":
        return
    if read_backend_file(place.project, place.environment) is not None:
        return
    from anomalyctl.operations.state_backend.bootstrap import bootstrap_state_backend

    watcher.step("Making the storage account that keeps the Terraform state")
    made = bootstrap_state_backend(
        place.environment, project=place.project, progress=watcher, environ=os.environ
    )
    watcher.done(f"The state is kept in {made.storage_account}/{made.container}")
