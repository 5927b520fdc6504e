"""Bring the environment `local` up, or heal it, or find that nothing is to be done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from anomalyctl.errors import AnomalyctlError
from anomalyctl.local import control
from anomalyctl.local.disk import read_json, write_json
from anomalyctl.local.environment import COSMOS, DASHBOARD, DEPLOY, connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import held
from anomalyctl.local.part import Part, digest
from anomalyctl.local.ports import ensure_ports
from anomalyctl.local.secrets_file import LocalSecrets, ensure_secrets
from anomalyctl.local.state import SupervisorState
from anomalyctl.operations.dashboard.absence import Absence, keep_absence
from anomalyctl.operations.deploy_dashboard import LEFT_OUT, DashboardDeployment, DashboardWork
from anomalyctl.operations.deploy_late import LatePart, is_same_but, runs_what_was_planned, with_late
from anomalyctl.operations.deploy_waiting import Waiting
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.project import Project

Outcome = Literal["started", "restarted", "updated", "healed", "unchanged"]


@dataclass(frozen=True, slots=True)
class DeployedPart:
    """One part that runs and is well."""

    name: str
    title: str
    address: str
    restarts: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `deploy` did."""

    environment: str
    outcome: Outcome
    took_s: float
    parts: tuple[DeployedPart, ...]
    dashboard: DashboardDeployment = LEFT_OUT


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What to bring up."""

    names: tuple[str, ...]
    """Of the parts, in the order of starting."""
    build: Callable[[Mapping[str, int], LocalSecrets], tuple[Part, ...]]
    """The parts for these ports and secrets."""
    prepare: Mapping[str, Callable[[Mapping[str, int], LocalSecrets], None]]
    """By part: done once when it is well, before the deployment counts as done. Must be repeatable."""
    late: LatePart | None = None
    """A part that is made meanwhile, and that the others do without."""


def deploy_local(project: Project, progress: Progress = SILENCE, *, dashboard: bool = True) -> Deployment:
    """Start what is not running and wait until all of it is well.

    The dashboard is built meanwhile; where Node is missing or the build fails, that is told (in the progress
    and in the result) and the rest runs.

    Raises MissingTool, PreconditionFailed (the disk), Locked (another deploy is at it), TimedOut, and
    AnomalyctlError naming the part that does not start; what this call started is then stopped again. Broken
    off, it leaves running what ran before, and what is well already and only lacks its dashboard.
    """
    from anomalyctl.local.plan import PARTS, plan, require_programs

    require_programs()
    folder = LocalFolder(project.local)
    work = DashboardWork.look_for(project, folder, os.environ, progress) if dashboard else LEFT_OUT
    blueprint = Blueprint(
        names=(*PARTS, DASHBOARD),
        build=lambda ports, secrets: plan(folder, project.services, ports, secrets, os.environ),
        prepare={COSMOS: _create_containers},
        late=work if isinstance(work, DashboardWork) else None,
    )
    return bring_up_telling(folder, blueprint, work, progress)


def bring_up_telling(
    folder: LocalFolder, blueprint: Blueprint, work: DashboardWork | DashboardDeployment, progress: Progress
) -> Deployment:
    """`bring_up`, and keep for `status` what became of the dashboard."""
    try:
        deployment = bring_up(folder, blueprint, progress)
    except BaseException:
        if isinstance(work, DashboardWork) and work.outcome.state == "failed":
            keep_absence(folder, Absence(work.outcome.reason, work.outcome.hint))
        raise
    outcome = work.outcome if isinstance(work, DashboardWork) else work
    keep_absence(folder, Absence(outcome.reason, outcome.hint))
    return replace(deployment, dashboard=outcome)


def bring_up(folder: LocalFolder, blueprint: Blueprint, progress: Progress = SILENCE) -> Deployment:
    """`deploy_local` for any blueprint."""
    began = time.monotonic()
    folder.prepare()
    with held(folder.deploy_lock, what="deploy", now=datetime.now(UTC)):
        running = control.running_state(folder)
        if running is None:
            control.stop_supervisor(folder)  # one that says nothing, and what a dead one left on its ports
        secrets = ensure_secrets(folder)
        ours = {_port(part.address) for part in running.parts if part.process} if running else set()
        ports, moved = ensure_ports(folder, blueprint.names, ours=ours)
        for name in moved:
            progress.warn(
                f"The port of {name} was taken by another program; it is {ports[name]} from now on."
            )
        parts = blueprint.build(ports, secrets)
        late = blueprint.late
        made = None if late is None else late.now(ports, secrets)
        wanted = parts if late is None else with_late(parts, late, made, folder)
        # A supervisor of an earlier deploy goes on where this one is broken off; one of ours does not.
        ours_to_stop = running is None or not _goes_on(folder, running, wanted)
        are_well = False
        try:
            if late is not None:
                late.begin()
            outcome, state = _reach(folder, wanted, running, progress)
            waiting = Waiting(folder, parts, state, progress)
            for name, prepare in blueprint.prepare.items():
                waiting.until_healthy({name})
                _prepare_once(folder, name, state, lambda: prepare(ports, secrets), progress)  # noqa: B023
            state = waiting.until_healthy({part.name for part in parts})
            are_well = True
            if late is not None:
                outcome, state = _join(folder, parts, late, outcome, state, (ports, secrets), progress)
        except BaseException as error:
            is_broken_off = not isinstance(error, Exception)  # Ctrl-C, SIGTERM
            if late is not None:
                late.cancel()
            if are_well or (is_broken_off and running is not None):
                if ours_to_stop and not are_well:
                    _go_on(folder, wanted)
                progress.warn(f"{_what_runs(folder)} To finish: {DEPLOY}")
            elif ours_to_stop:  # nothing half-started stays behind
                progress.step("Stopping what was started")
                control.stop_supervisor(folder)
            raise
    return Deployment(
        environment="local",
        outcome=outcome,
        took_s=round(time.monotonic() - began, 2),
        parts=tuple(DeployedPart(one.name, one.title, one.address, one.restarts) for one in state.parts),
    )


def _reach(
    folder: LocalFolder, parts: tuple[Part, ...], running: SupervisorState | None, progress: Progress
) -> tuple[Outcome, SupervisorState]:
    """Have a supervisor run exactly `parts`."""
    if running is None:
        progress.step(f"Starting {', '.join(part.title for part in parts)}")
        return "started", control.start_supervisor(folder, parts)
    if not _goes_on(folder, running, parts):
        progress.step("The code or the settings changed: starting all parts again")
        control.stop_supervisor(folder)
        return "restarted", control.start_supervisor(folder, parts)
    if running.plan != digest(parts):
        return "updated", control.change_parts(folder, running, parts)
    if running.all_healthy:
        return "unchanged", running
    unwell = [part.title for part in running.parts if part.health != "healthy"]
    progress.step(f"Healing {', '.join(unwell)}")
    control.retry_now(running)
    return "healed", running


def _go_on(folder: LocalFolder, parts: tuple[Part, ...]) -> None:
    """Have something run where it was broken off between the older parts and these."""
    if control.running_state(folder) is None:
        control.stop_supervisor(folder)
        control.start_supervisor(folder, parts)


def _what_runs(folder: LocalFolder) -> str:
    """One sentence on what a deploy that was broken off leaves."""
    without = all(part.name != DASHBOARD for part in control.planned_parts(folder))
    return f"Broken off; the environment local goes on{', without its dashboard' if without else ''}."


def _goes_on(folder: LocalFolder, running: SupervisorState, parts: tuple[Part, ...]) -> bool:
    """Whether the running supervisor can go on with `parts`: only the dashboard may come, go or change."""
    return runs_what_was_planned(running, folder) and is_same_but(DASHBOARD, folder, parts)


def _join(
    folder: LocalFolder,
    parts: tuple[Part, ...],
    late: LatePart,
    outcome: Outcome,
    state: SupervisorState,
    chosen: tuple[Mapping[str, int], LocalSecrets],
    progress: Progress,
) -> tuple[Outcome, SupervisorState]:
    """Have the late part run beside the others as soon as it is made; where it does not, they run alone."""
    if not late.wait(progress):
        return outcome, state
    made = late.now(*chosen)
    if made is None:
        return outcome, state
    wanted = (*parts, made)
    if state.plan != digest(wanted):
        state = control.change_parts(folder, state, wanted)
        outcome = "updated" if outcome == "unchanged" else outcome
    try:
        return outcome, Waiting(folder, (made,), state, progress).until_healthy({late.name})
    except AnomalyctlError as error:
        now = control.running_state(folder)
        if now is None or now.process != state.process:
            raise
        late.failed(error.message, error.hint)
        progress.warn(f"{error.message} {error.hint}")
        return outcome, now


def _prepare_once(
    folder: LocalFolder, name: str, state: SupervisorState, prepare: Callable[[], None], progress: Progress
) -> None:
    """Do it unless it was done under this very supervisor: then it is known to be done."""
    mark = folder.root / f"{name}.prepared.json"
    done = {"pid": state.process.pid, "started": state.process.started}
    if read_json(mark) == done:
        return
    progress.step(f"Preparing {name}")
    prepare()
    write_json(mark, done)


def _create_containers(ports: Mapping[str, int], secrets: LocalSecrets) -> None:
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.cosmos import connect_cosmos

    store = AnomalyStore(connect_cosmos(connections(ports, secrets).cosmos_connection_string))
    try:
        store.create_if_missing()
    finally:
        store.close()


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
