"""Apply the plan that was reviewed, and no other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from anomalyctl.errors import AnomalyctlError, NotFound, PartlyDone, Protected
from anomalyctl.operations.deployed_state import from_state
from anomalyctl.operations.infrastructure.outputs import Output, outputs_of
from anomalyctl.operations.infrastructure.planning import Review, present_binding, review_of
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.underway import require_nothing_in_azure, require_nothing_noted
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.durations import usual_durations
from anomalyctl.provisioning.plans.gate import check_data_loss, check_protection_flags
from anomalyctl.provisioning.plans.kept import KEPT_FOR, KeptPlan, check_binding

Approve = Callable[[Review], None]
"""Shows a review and asks; raises Declined for a no."""

_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class AppliedResource:
    """One resource that was changed."""

    address: str
    action: str
    took_s: float


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did."""

    environment: str
    workspace: str
    plan_id: str
    run: str
    resources: tuple[AppliedResource, ...]
    outputs: tuple[Output, ...]
    backup: str
    """Name of the copy of the state before it; empty where there was no state."""
    took_s: float


def apply_kept(
    request: Request,
    name: str | None,
    *,
    approve: Approve,
    allow_data_loss: Collection[str] = (),
    watcher: Watcher = UNWATCHED,
) -> Applied:
    """`apply [PLAN]`: the plan of that id or path, the newest one without a name.

    Raises NotFound, PreconditionFailed for a plan that does not fit, Protected for a loss of data that was
    not allowed and for a plan that destroys, Declined, and what Terraform's failure means.
    """
    with stage("apply", request, watcher) as prepared:
        kept = prepared.shelf.newest() if name is None else prepared.shelf.named(name)
        if kept is None:
            raise NotFound(
                f"There is no kept plan for {prepared.place.environment.name}.",
                hint=f"Make one: anomalyctl plan --env {prepared.place.environment.name}",
            )
        if kept.kind == "destroy":  # what it needs is asked there: a name, a fresh plan, nothing in the way
            raise Protected(
                f"The plan {kept.id} destroys; apply does not.",
                hint=f"anomalyctl destroy --env {prepared.place.environment.name} --plan {kept.id}",
            )
        require_nothing_noted(prepared.place)
        review = review_of(prepared, kept)
        check_data_loss(review.plan, allow_data_loss)
        check_protection_flags(review.plan, review.environment)
        check_fits(prepared, kept)
        approve(review)
        return apply(prepared, kept, review)


def check_fits(prepared: Stage, kept: KeptPlan, *, oldest: timedelta = KEPT_FOR) -> None:
    """Raise PreconditionFailed, with the reasons, unless the plan may be applied here and now: it fits, and
    nobody has begun a rollout or a restore since it was made.
    """
    state, text = prepared.pull()
    present = present_binding(prepared, kept, state.serial, state.lineage)
    check_binding(kept, present, now=prepared.clock(), oldest=oldest)
    if kept.kind == "apply":
        ids = from_state(text, prepared.place.environment.name).ids
        require_nothing_in_azure(prepared.place, ids, prepared.environ)


def apply(prepared: Stage, kept: KeptPlan, review: Review) -> Applied:
    """Back the state up, apply the plan, read the outputs. The plan is gone afterwards, applied or spent."""
    prepared.require_no_errored_state()
    _, backup = prepared.back_up()
    prepared.watcher.step(f"Applying to {review.environment}: {_counted(review)}")
    progression = prepared.progression
    progression.resources.clear()
    progression.usual = usual_durations(prepared.ledger.recent())
    finished = prepared.terraform.apply(kept.path.resolve())
    done = tuple(AppliedResource(one.address, one.action, one.took_s or 0.0) for one in progression.done)
    try:
        prepared.check(finished)
    except AnomalyctlError as error:
        _tell(error, prepared)
        known = "rule" in error.details  # a known failure has a next step of its own
        if (
            done
            and not known
            and error.exit_code == AnomalyctlError.exit_code
            and finished.ended.exit_code > 0
        ):
            raise PartlyDone(
                f"{len(done)} of {len(progression.resources)} changes are done. {error.message}",
                hint=f"Run it again, it resumes: anomalyctl deploy --env {review.environment}",
                details=error.details,
            ) from None
        raise
    prepared.shelf.forget(kept)
    return Applied(
        environment=review.environment,
        workspace=review.workspace,
        plan_id=kept.id,
        run=prepared.run.id,
        resources=done,
        outputs=outputs_of(prepared.terraform),
        backup=backup.name if backup else "",
        took_s=round(finished.ended.took_s, 1),
    )


def _tell(error: AnomalyctlError, prepared: Stage) -> None:
    progression = prepared.progression
    told: dict[str, Any] = {
        "done": [one.address for one in progression.done][:_LISTED],
        "failed": [one.address for one in progression.failed],
        "in_flight": [one.address for one in progression.in_flight],
    }
    error.details |= {key: value for key, value in told.items() if key not in error.details}
    errored = prepared.errored_state
    if errored.is_file():
        errored.chmod(0o600)
        error.details["errored_state"] = str(errored)
        error.hint = (
            f"Bring the state in: anomalyctl state push {errored} --env {prepared.place.environment.name}"
        )


def _counted(review: Review) -> str:
    return ", ".join(f"{count} to {action}" for action, count in review.plan.counts.items()) or "outputs only"
