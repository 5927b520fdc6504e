"""What changed in Azure behind Terraform's back; never mixed with what the configuration would change."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.operations.infrastructure.planning import PlanOptions, plan
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.plans.changes import Change


@dataclass(frozen=True, slots=True)
class Drift:
    """Resources that are no longer as the last apply left them."""

    environment: str
    drifted: bool
    resources: tuple[Change, ...]
    run: str


def find_drift(request: Request, options: PlanOptions, watcher: Watcher = UNWATCHED) -> Drift:
    """Compare the state with Azure by a refresh-only plan, which is thrown away."""
    with stage("drift", request, watcher) as prepared:
        made = plan(
            prepared,
            PlanOptions("refresh-only", variable_files=options.variable_files, variables=options.variables),
        )
        prepared.shelf.forget(made.kept)
        resources = made.review.plan.drift
        return Drift(prepared.place.environment.name, bool(resources), resources, prepared.run.id)
