"""Take a resource that exists in Azure into the state."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.operations.infrastructure.planning import PlanOptions, variables_for
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher


@dataclass(frozen=True, slots=True)
class Imported:
    """A resource that the state knows now."""

    environment: str
    address: str
    id: str
    backup: str
    run: str


def import_resource(
    request: Request, address: str, resource_id: str, options: PlanOptions, watcher: Watcher = UNWATCHED
) -> Imported:
    """Import one resource. Raises what Terraform's failure means."""
    with stage("import", request, watcher, make_workspace=True) as prepared:
        prepared.require_no_errored_state()
        _, backup = prepared.back_up()
        variables = variables_for(prepared, options.variable_files, options.variables)
        watcher.step(f"Importing {address}")
        prepared.check(
            prepared.terraform.import_resource(address, resource_id, variable_files=variables.files)
        )
        name = backup.name if backup else ""
        return Imported(prepared.place.environment.name, address, resource_id, name, prepared.run.id)
