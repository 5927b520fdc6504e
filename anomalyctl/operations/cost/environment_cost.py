"""What an environment costs: as it is, and as a plan would make it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from anomalyctl.errors import NotDeployed, PreconditionFailed
from anomalyctl.operations.cost.estimating import Difference, Estimate, differences, estimate
from anomalyctl.operations.cost.price_table import Change, read_prices
from anomalyctl.operations.cost.resources import resources_in
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.plans.kept import KEPT_FOR, KeptPlan, digest_of


@dataclass(frozen=True, slots=True)
class EnvironmentCost:
    """The estimate, and with a plan what it changes."""

    environment: str
    kind: str
    """Always `estimate`: nobody may take this for an invoice."""
    estimate: Estimate
    plan: str = ""
    before: float | None = None
    difference: float | None = None
    changes: tuple[Difference, ...] = ()
    plan_is_old: bool = False
    """True where the plan is too old to be applied: what it starts from may have changed since."""


def environment_cost(
    request: Request,
    *,
    plan: str | None = None,
    prices_file: Path | None = None,
    change: Change | None = None,
    watcher: Watcher = UNWATCHED,
) -> EnvironmentCost:
    """The monthly cost of what is in the state, or of what a kept plan (id or file) would leave.

    Raises NotDeployed where the state is empty and no plan is given, NotFound for an unknown plan,
    InvalidInput for a bad table of prices.
    """
    prices = (change or Change()).over(read_prices(prices_file))
    with stage("cost", request, watcher) as prepared:
        today = prepared.clock().date()
        if plan is None:
            document = prepared.terraform.show_state()
        else:
            kept = prepared.shelf.named(plan)
            require_of_here(kept, request.environment)
            document = prepared.terraform.show_plan(kept.path.resolve())
    name = request.environment
    if plan is not None:
        before = estimate(resources_in(document, "before"), prices, today)
        after = estimate(resources_in(document, "after"), prices, today)
        return EnvironmentCost(
            environment=name,
            kind="estimate",
            estimate=after,
            plan=kept.id,
            before=before.monthly,
            difference=round(after.monthly - before.monthly, 2),
            changes=differences(before, after),
            plan_is_old=kept.age(prepared.clock()) > KEPT_FOR,
        )
    resources = resources_in(document, "state")
    if not resources:
        raise NotDeployed(
            f"{name} holds nothing yet, so that it costs nothing.",
            hint=f"What a plan would cost: anomalyctl plan --env {name}, then cost --plan with its id.",
        )
    return EnvironmentCost(name, "estimate", estimate(resources, prices, today))


def require_of_here(plan: KeptPlan, environment: str) -> None:
    """Raise PreconditionFailed for a plan of another environment, or one whose file is not what was kept."""
    made_for = plan.binding.environment
    if made_for != environment:
        raise PreconditionFailed(
            f"The plan {plan.id} was made for {made_for}, and this is {environment}.",
            hint=f"Run: anomalyctl cost --plan {plan.id} --env {made_for}",
        )
    if digest_of(plan.path) != plan.digest:
        raise PreconditionFailed(
            f"The file of the plan {plan.id} was changed since it was made.",
            hint=f"Make a new one: anomalyctl plan --env {environment}",
        )
