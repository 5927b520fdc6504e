"""Before anything is planned: what the deployment needs is there; the state's home too, or it is made."""

from __future__ import annotations

import os
from collections.abc import Sequence

from anomalyctl.azure.backend import backend_configuration, read_backend_file
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.infrastructure.place import Place, find_place
from anomalyctl.operations.infrastructure.planning import PlanOptions
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.watching import Watcher
from anomalyctl.provisioning.configuration import Configuration


def make_ready(request: Request, options: PlanOptions, watcher: Watcher) -> None:
    """Run doctor's checks of the environment, then make the state's storage account where it is missing.

    A root that is not ours, or whose state is not in a storage account, is left to Terraform, and that is
    told; what no target needs is left out. Raises PreconditionFailed with every failed check and its mend,
    before anything is changed; also what `state bootstrap` raises.
    """
    place = find_place(request.environment, request.root)
    with room_in(place):
        place.refresh()
    backend = Configuration(place.folder).backend
    if not place.ours or backend != "azurerm":
        why = "the root is not ours" if not place.ours else f"the state is kept by the backend {backend}"
        watcher.warn(f"Not checked beforehand, {why}: sign-in, roles, names, quota, the state's home")
        return
    from anomalyctl.operations.doctor.azure import examine_azure
    from anomalyctl.operations.doctor.state import BACKEND, bootstrap_command

    kept = read_backend_file(place.project, place.environment)
    watcher.step("Checking what the deployment needs")
    examination = examine_azure(
        place.project,
        place.environment,
        variable_files=options.variable_files,
        variables=options.variables,
        targets=options.targets,
    )
    command = bootstrap_command(place.environment)
    homeless = kept is None or any(
        check.name == BACKEND and check.mend == command for check in examination.checks
    )
    _judge(
        place, [check for check in examination.checks if not (homeless and check.name == BACKEND)], watcher
    )
    if homeless:
        _bootstrap(place, kept, watcher)


def _judge(place: Place, checks: Sequence[Check], watcher: Watcher) -> None:
    for check in checks:
        if check.outcome == "warning":
            watcher.warn(f"{check.name}: {check.found}" + (f". {check.mend}" if check.mend else ""))
    failed = [check for check in checks if check.outcome == "failed"]
    if failed:
        raise PreconditionFailed(
            f"{place.environment.name} cannot be deployed yet: "
            + "; ".join(f"{check.name}: {check.found}" for check in failed),
            hint="; ".join(dict.fromkeys(check.mend for check in failed if check.mend)),
            details={
                "checks": [{"name": check.name, "found": check.found, "mend": check.mend} for check in failed]
            },
        )


def _bootstrap(place: Place, kept: dict[str, str] | None, watcher: Watcher) -> None:
    from anomalyctl.operations.state_backend.bootstrap import bootstrap_state_backend

    wanted = backend_configuration(place.environment, os.environ)
    if kept is not None and kept != wanted:
        raise PreconditionFailed(
            f"The backend's file of {place.environment.name} names another home than environments.toml, "
            "and the state's storage account does not exist.",
            hint=f"Move the state: anomalyctl state migrate --env {place.environment.name}; or correct "
            "state in environments.toml.",
        )
    watcher.step("Making the storage account that keeps the Terraform state")
    made = bootstrap_state_backend(
        place.environment, project=place.project, progress=watcher, environ=os.environ
    )
    watcher.done(f"The state is kept in {made.storage_account}/{made.container}")
