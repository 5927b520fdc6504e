"""`destroy` of an Azure environment: its plan is always shown, and what it means; data stays unless it is
meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from anomalyctl.errors import NotFound, PreconditionFailed, Protected
from anomalyctl.operations.infrastructure.applying import Applied, apply, check_fits
from anomalyctl.operations.infrastructure.leftovers import look_in_azure
from anomalyctl.operations.infrastructure.obstacles import obstacles_in_azure
from anomalyctl.operations.infrastructure.planning import Planned, PlanOptions, Review, plan, review_of
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.plans.gate import check_protection_flags
from anomalyctl.provisioning.plans.kept import FRESH_FOR, KEPT_FOR
from anomalyctl.provisioning.state import State, StateResource, kept_with
from anomalyctl.provisioning.working_copy import without_protection


@dataclass(frozen=True, slots=True)
class DestructionReview:
    """What a destruction would do, before anybody is asked."""

    review: Review
    staying: tuple[str, ...]
    """Resources that stay: they hold data, or what holds data depends on them."""
    consequences: tuple[str, ...]
    """What is lost and what stays reserved, a sentence each."""


@dataclass(frozen=True, slots=True)
class InfrastructureDestruction:
    """What `destroy` did to an Azure environment."""

    environment: str
    destroyed: bool
    run: str
    applied: Applied | None
    staying: tuple[str, ...]
    left_over: tuple[str, ...]
    """Addresses that the state still holds although they were to go."""
    consequences: tuple[str, ...]
    left_in_azure: tuple[str, ...]
    """Ids that Azure still lists in the environment's resource groups and the state does not hold."""
    not_looked_at: str
    """Why Azure was not asked, so that only the state was looked at; empty where it was."""


Confirm = Callable[[DestructionReview], None]
"""Shows the review and has the environment's name typed; raises Declined."""


def destroy_azure(
    request: Request,
    options: PlanOptions,
    *,
    confirm: Confirm,
    include_stateful: bool = False,
    plan_name: str | None = None,
    plan_only: bool = False,
    watcher: Watcher = UNWATCHED,
) -> InfrastructureDestruction:
    """Plan the destruction, have it confirmed, apply exactly it, and look for what is left.

    A protected environment needs a destroy plan made before (`plan_name`), under 15 minutes old. Raises
    Protected, Declined, PreconditionFailed for a stale plan, and what Terraform's failure means.
    """
    with stage("destroy", request, watcher) as prepared:
        state, text = prepared.pull()
        if state.is_empty:
            return _nothing(prepared)
        protected = prepared.place.environment.protected
        if protected and plan_name is None and not plan_only:
            raise Protected(
                f"{request.environment} is protected: its destruction needs a plan that was reviewed, "
                f"under {FRESH_FOR.seconds // 60} minutes old.",
                hint=f"Make one: anomalyctl destroy --env {request.environment} --plan-only, "
                "then pass --plan ID",
            )
        unprotected = prepared.place.state / "unprotected"
        if not include_stateful:
            return _destroy(
                prepared, state, text, options, confirm, _staying(prepared, state), plan_name, plan_only
            )
        private = None if prepared.place.ours else unprotected
        with without_protection(prepared.place.folder, private=private) as folder:
            prepared.terraform.folder = folder
            return _destroy(prepared, state, text, options, confirm, frozenset(), plan_name, plan_only)


def _destroy(
    prepared: Stage,
    state: State,
    text: bytes,
    options: PlanOptions,
    confirm: Confirm,
    staying: frozenset[str],
    plan_name: str | None,
    plan_only: bool,
) -> InfrastructureDestruction:
    planned = _planned(prepared, state, options, staying, plan_name)
    if planned is None:
        return _nothing(prepared, tuple(sorted(staying)))
    touched = {
        change.address.split("[")[0] for change in planned.review.plan.changes if change.action == "delete"
    }
    if wrong := sorted(touched & staying):
        raise Protected(
            f"The plan would destroy what is to stay: {', '.join(wrong)}.",
            hint="Pass --include-stateful where that is meant.",
        )
    environment = prepared.place.environment.name
    check_protection_flags(planned.review.plan, environment)
    going = [change.address for change in planned.review.plan.changes if change.action == "delete"]
    prepared.watcher.step("Looking for what would stop it half-way")
    obstacles = obstacles_in_azure(prepared.place, text, going, prepared.environ)
    if obstacles.reason:
        prepared.watcher.warn(f"Locks in Azure were not looked for: {obstacles.reason}")
    obstacles.check()
    consequences = tuple(
        f"{change.address}: {change.consequence}"
        for change in planned.review.plan.changes
        if change.consequence
    )
    shown = DestructionReview(planned.review, tuple(sorted(staying)), consequences)
    confirm(shown)
    if plan_only:
        return replace(_nothing(prepared, shown.staying), consequences=consequences)
    oldest: timedelta = FRESH_FOR if prepared.place.environment.protected else KEPT_FOR
    check_fits(prepared, planned.kept, oldest=oldest)
    applied = apply(prepared, planned.kept, planned.review)
    prepared.watcher.step("Looking for what is left")
    after, text_after = prepared.pull()
    left = tuple(address for address in after.addresses if address in going)
    azure = look_in_azure(prepared.place, text, text_after, prepared.environ)
    return InfrastructureDestruction(
        environment=environment,
        destroyed=True,
        run=prepared.run.id,
        applied=applied,
        staying=shown.staying,
        left_over=left,
        consequences=consequences,
        left_in_azure=azure.left,
        not_looked_at=azure.reason,
    )


def _planned(
    prepared: Stage, state: State, options: PlanOptions, staying: frozenset[str], plan_name: str | None
) -> Planned | None:
    if plan_name is not None:
        kept = prepared.shelf.named(plan_name)
        if kept.kind != "destroy":
            raise PreconditionFailed(f"The plan {kept.id} destroys nothing: it is for apply.")
        return Planned(kept, review_of(prepared, kept))
    targets = targets_of(state, options.targets, staying)
    if staying and not targets:
        return None
    return plan(
        prepared,
        PlanOptions(
            kind="destroy",
            targets=targets,
            variable_files=options.variable_files,
            variables=options.variables,
        ),
    )


def targets_of(state: State, wanted: tuple[str, ...], staying: Collection[str]) -> tuple[str, ...]:
    """What the plan is narrowed to: `wanted` as it is, else everything beside what stays; nothing means all.

    Raises NotFound for an address that the state does not have, Protected for one that stays.
    """
    for one in wanted:
        matching = [found.address for found in state.resources if _is_within(found, one)]
        if not matching:
            raise NotFound(f"The state has no {one}.", hint="See: anomalyctl state list")
        if kept := sorted(set(matching) & set(staying)):
            raise Protected(
                f"{', '.join(kept)} stays: it holds data, or what holds data depends on it.",
                hint="Nothing was changed. Pass --include-stateful where that is meant.",
            )
    if wanted or not staying:
        return wanted
    return tuple(one.address for one in state.resources if one.address not in staying)


def _is_within(resource: StateResource, target: str) -> bool:
    """A target is a resource, one of its instances, or a module."""
    names = (resource.address, *resource.instances)
    return any(name == target or name.startswith((f"{target}.", f"{target}[")) for name in names)


def _staying(prepared: Stage, state: State) -> frozenset[str]:
    protected = Configuration(Path(prepared.place.folder)).protected
    return kept_with(state, protected)


def _nothing(prepared: Stage, staying: tuple[str, ...] = ()) -> InfrastructureDestruction:
    return InfrastructureDestruction(
        prepared.place.environment.name, False, prepared.run.id, None, staying, (), (), (), ""
    )
