"""`deploy` of an Azure environment: from nothing, or from wherever the last one ended, to what the files
say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from anomalyctl.errors import AnomalyctlError, PartlyDone
from anomalyctl.operations.infrastructure.applying import Applied, Approve, apply, check_fits
from anomalyctl.operations.infrastructure.health import Health, health_of
from anomalyctl.operations.infrastructure.outputs import Output, outputs_of
from anomalyctl.operations.infrastructure.planning import Planned, PlanOptions, Review, plan
from anomalyctl.operations.infrastructure.preflight import make_ready
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.failures import retry_of
from anomalyctl.provisioning.plans.gate import check_data_loss, check_protection_flags

if TYPE_CHECKING:
    from anomalyctl.operations.publishing.model import Publishing

Outcome = Literal["applied", "unchanged", "planned"]
Publish = Callable[[], "Publishing"]
"""Sends the code to what stands."""


@dataclass(frozen=True, slots=True)
class InfrastructureDeployment:
    """What `deploy` did to an Azure environment."""

    environment: str
    outcome: Outcome
    run: str
    review: Review
    applied: Applied | None
    outputs: tuple[Output, ...]
    health: tuple[Health, ...]
    published: Publishing | None = None
    """What code was sent; None where that was left out."""


def deploy_azure(
    request: Request,
    options: PlanOptions,
    *,
    approve: Approve,
    plan_only: bool = False,
    allow_data_loss: Collection[str] = (),
    publish: Publish | None = None,
    watcher: Watcher = UNWATCHED,
    sleep: Callable[[float], None] = time.sleep,
    look: Callable[[tuple[Output, ...]], tuple[Health, ...]] = health_of,
) -> InfrastructureDeployment:
    """Preflight, state backend, init, workspace, plan, review, confirm, apply, publish, outputs, health.

    Every step may be repeated: run again, it resumes. A transient failure is followed by a fresh plan,
    which is applied only where it holds nothing that was not reviewed. Where the infrastructure stands and
    the code is not on it, PartlyDone is raised.
    """
    make_ready(request, options, watcher)
    with stage("deploy", request, watcher, make_workspace=True) as prepared:
        planned = plan(prepared, options)
        result = InfrastructureDeployment(
            environment=planned.review.environment,
            outcome="planned",
            run=prepared.run.id,
            review=planned.review,
            applied=None,
            outputs=(),
            health=(),
        )
        if plan_only:
            return result
        if not planned.review.has_changes:
            prepared.shelf.forget(planned.kept)
            result = replace(result, outcome="unchanged", outputs=outputs_of(prepared.terraform))
        else:
            check_data_loss(planned.review.plan, allow_data_loss)
            check_protection_flags(planned.review.plan, planned.review.environment)
            approve(planned.review)
            check_fits(prepared, planned.kept)
            applied = _apply_patiently(prepared, planned, options, sleep)
            result = replace(result, outcome="applied", applied=applied, outputs=applied.outputs)
    if publish is not None:
        result = replace(result, published=_published(publish, result.environment))
    watcher.step("Looking at what has an address")
    return replace(result, health=look(result.outputs))


def _published(publish: Publish, environment: str) -> Publishing:
    try:
        return publish()
    except AnomalyctlError as error:
        raise PartlyDone(
            f"The infrastructure of {environment} stands, and not all code is on it: {error.message}",
            hint=f"{error.hint} Then: anomalyctl publish --env {environment}".strip(),
            details={**error.details, "code": error.code},
        ) from error


def _apply_patiently(
    prepared: Stage, planned: Planned, options: PlanOptions, sleep: Callable[[float], None]
) -> Applied:
    reviewed, attempt = planned.review, 0
    while True:
        try:
            return apply(prepared, planned.kept, planned.review)
        except AnomalyctlError as error:
            times, wait_s = retry_of(error)
            if attempt >= times:
                raise
            attempt += 1
            prepared.watcher.warn(
                f"{error.message} A fresh plan in {wait_s:.0f} s (attempt {attempt} of {times})."
            )
            prepared.run.note_safely("retry", attempt=attempt, rule=error.details.get("rule", ""))
            sleep(wait_s)
            planned = plan(prepared, options)
            if surprises := _not_reviewed(planned.review, reviewed):
                error.hint = (
                    f"The fresh plan holds what was not reviewed: {', '.join(surprises)}. Deploy again."
                )
                raise


def _not_reviewed(fresh: Review, reviewed: Review) -> list[str]:
    """What a fresh plan would do beyond the reviewed one; finishing what was being created is not more."""
    seen = {change.address: change.action for change in reviewed.plan.changes}
    return [
        change.address
        for change in fresh.plan.changes
        if seen.get(change.address) != change.action
        and not (seen.get(change.address) == "create" and change.action in ("replace", "update"))
    ]
