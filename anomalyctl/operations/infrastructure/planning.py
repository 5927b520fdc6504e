"""Make a plan, read it, and keep it bound to what it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.infrastructure.adopting import adopt_from_plan, adopt_from_state
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.underway import Underway, require_nothing_noted
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.plans.changes import Plan
from anomalyctl.provisioning.plans.kept import Binding, KeptPlan, Kind, digest_of, state_in_plan
from anomalyctl.provisioning.plans.plan_file import document_of
from anomalyctl.provisioning.plans.reading import agrees, read_plan
from anomalyctl.provisioning.run_ids import new_run_id
from anomalyctl.provisioning.terraform_process import CHANGES, Finished
from anomalyctl.provisioning.variables import Variables, collect_variables


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan may be asked for."""

    kind: Kind = "apply"
    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    variables: tuple[str, ...] = ()
    """NAME=VALUE."""
    out: Path | None = None
    lock: bool = True
    """False for an identity that may only read the state."""


@dataclass(frozen=True, slots=True)
class Review:
    """A plan to be reviewed, and where it is kept."""

    environment: str
    workspace: str
    subscription_id: str
    kind: Kind
    plan_id: str
    path: Path
    created_at: datetime
    has_changes: bool
    plan: Plan
    counts: dict[str, int]
    """Actions and how many of each."""
    data_loss: tuple[str, ...]
    """Addresses whose data would be lost."""
    run: str
    protected: bool


def make_review(request: Request, options: PlanOptions, watcher: Watcher = UNWATCHED) -> Review:
    """`plan` as a command of its own. Raises what Terraform's failure means.

    A missing workspace is made, which writes: without the lock, NotDeployed is raised instead.
    """
    with stage("plan", request, watcher, make_workspace=options.lock) as prepared:
        return plan(prepared, options).review


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that was just made."""

    kept: KeptPlan
    review: Review


def plan(prepared: Stage, options: PlanOptions) -> Planned:
    """Make a plan on a prepared stage and keep it, mode 0600, for at most a day."""
    place = prepared.place
    prepared.require_no_errored_state()
    now = prepared.clock()
    plan_id = new_run_id(now)
    path = prepared.shelf.new_path(plan_id) if options.out is None else _private(options.out)
    prepared.watcher.step(f"Planning {place.environment.name}: comparing the configuration with Azure")
    if options.kind == "apply":
        require_nothing_noted(place, rollouts=False)  # of those, the plan itself is about to see the truth
    variables, finished = _plan_to(path, prepared, options)
    try:
        if _adopts(prepared, options, path, finished):
            prepared.watcher.step("Planning again: Azure runs what was published or restored meanwhile")
            variables, finished = _plan_to(path, prepared, options)
        prepared.check(finished, changes_are_fine=True)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    for one in finished.diagnostics:
        if one.severity == "warning":
            prepared.watcher.warn(one.summary)
    path.chmod(0o600)
    read = _read(prepared, path, finished)
    serial, lineage = state_in_plan(path)
    kept = KeptPlan(
        id=plan_id,
        kind=options.kind,
        created_at=now,
        binding=_binding(prepared, variables.digest, serial, lineage),
        digest=digest_of(path),
        data_loss=read.data_loss,
        variable_files=tuple(str(file) for file in options.variable_files),
        values_file=str(_values_file(path)) if options.variables else "",
        targets=options.targets,
        path=path,
    )
    prepared.shelf.keep(kept)
    prepared.run.note("plan", plan=plan_id, kind=options.kind, counts=read.counts, data_loss=read.data_loss)
    review = Review(
        environment=place.environment.name,
        workspace=prepared.workspace,
        subscription_id=place.subscription_id,
        kind=options.kind,
        plan_id=plan_id,
        path=path,
        created_at=now,
        has_changes=finished.ended.exit_code == CHANGES,
        plan=read,
        counts=read.counts,
        data_loss=read.data_loss,
        run=prepared.run.id,
        protected=place.environment.protected,
    )
    return Planned(kept, review)


def review_of(prepared: Stage, kept: KeptPlan) -> Review:
    """The review of a plan that was made before."""
    read = read_plan(prepared.terraform.show_plan(kept.path.resolve()))
    return Review(
        environment=kept.binding.environment,
        workspace=kept.binding.workspace,
        subscription_id=kept.binding.subscription_id,
        kind=kept.kind,
        plan_id=kept.id,
        path=kept.path,
        created_at=kept.created_at,
        has_changes=not read.is_empty,
        plan=read,
        counts=read.counts,
        data_loss=read.data_loss,
        run=prepared.run.id,
        protected=prepared.place.environment.protected,
    )


def present_binding(prepared: Stage, kept: KeptPlan, serial: int, lineage: str) -> Binding:
    """What a plan made now, with the same files, would be bound to."""
    variables = collect_variables(
        defaults=prepared.place.default_variable_files,
        files=[Path(file) for file in kept.variable_files],
        values=(),
        kept_values=Path(kept.values_file) if kept.values_file else None,
        keep_values_in=_values_file(kept.path),
        environ=prepared.environ,
        automatic=prepared.place.automatic_variable_files,
    )
    return _binding(prepared, variables.digest, serial, lineage)


def variables_for(prepared: Stage, files: Sequence[Path], values: Sequence[str]) -> Variables:
    """The variables for a command that keeps no plan."""
    return collect_variables(
        defaults=prepared.place.default_variable_files,
        files=files,
        values=values,
        keep_values_in=prepared.run.folder / "values.tfvars",
        environ=prepared.environ,
        automatic=prepared.place.automatic_variable_files,
    )


def _plan_to(path: Path, prepared: Stage, options: PlanOptions) -> tuple[Variables, Finished]:
    variables = _variables(prepared, options, path)
    prepared.progression.drifted = 0
    finished = prepared.terraform.plan(
        path.resolve(),
        variable_files=variables.files,
        targets=options.targets,
        replace=options.replace,
        destroy=options.kind == "destroy",
        refresh_only=options.kind == "refresh-only",
        lock=options.lock,
    )
    return variables, finished


def _adopts(prepared: Stage, options: PlanOptions, path: Path, finished: Finished) -> bool:
    """Whether Azure runs something that this plan was not given, and the next one will be."""
    if finished.ended.signal_number is not None:
        return False
    if finished.ok or finished.ended.exit_code == CHANGES:
        # A plan of a few targets has not looked at the others.
        try:
            return not options.targets and adopt_from_plan(prepared.place, path)
        except Underway:
            if options.kind == "apply":
                raise
            return False  # looking for drift and destroying do not wait for it, and settle nothing
    # Another machine's restored account makes a plan fail: its protection refuses the replacement.
    if not prepared.place.ours or prepared.place.environment.is_local:
        return False
    return adopt_from_state(prepared.place, prepared.terraform.pull_state())


def _read(prepared: Stage, path: Path, finished: Finished) -> Plan:
    """The plan, from its file where that is understood and says what was announced, else from Terraform."""
    if finished.ended.exit_code != CHANGES and not prepared.progression.drifted:
        return Plan((), (), (), prepared.terraform.binary.dotted)
    configuration = Configuration(prepared.place.folder)
    known = configuration.is_all_hcl  # else a secret variable might not be known as one
    document = document_of(path, configuration.sensitive_variables) if known else None
    read = read_plan(document) if document is not None else None
    if read is not None and agrees(read, finished.planned):
        return read
    return read_plan(prepared.terraform.show_plan(path.resolve()))


def _variables(prepared: Stage, options: PlanOptions, path: Path) -> Variables:
    return collect_variables(
        defaults=prepared.place.default_variable_files,
        files=options.variable_files,
        values=options.variables,
        keep_values_in=_values_file(path),
        environ=prepared.environ,
        automatic=prepared.place.automatic_variable_files,
    )


def _binding(prepared: Stage, digest: str, serial: int, lineage: str) -> Binding:
    return Binding(
        environment=prepared.place.environment.name,
        workspace=prepared.workspace,
        subscription_id=prepared.place.subscription_id,
        root=str(prepared.place.source),
        variables=digest,
        terraform_version=prepared.terraform.binary.dotted,
        serial=serial,
        lineage=lineage,
    )


def _values_file(path: Path) -> Path:
    return path.with_suffix(".tfvars").resolve()


def _private(path: Path) -> Path:
    """An empty file of mode 0600 where the user wants the plan."""
    path = path if path.suffix == ".tfplan" else path.with_name(path.name + ".tfplan")
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
    except OSError as error:
        raise AnomalyctlError(
            f"{path} cannot be written: {error.strerror}.", hint="Choose another --out."
        ) from None
    return path
