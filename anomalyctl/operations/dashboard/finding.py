"""Where the dashboard of an environment is, and whether it is well."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.environments import Environment, environment_named
from anomalyctl.errors import NotDeployed
from anomalyctl.local import control
from anomalyctl.local.dashboard_part import dashboard_address
from anomalyctl.local.environment import DASHBOARD, DEPLOY, not_running
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.probing import trouble
from anomalyctl.operations.dashboard.absence import kept_absence
from anomalyctl.project import Project, find_project


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What a browser can open."""

    environment: str
    address: str
    trouble: str = ""
    """What is wrong with it, in one line; empty where it is well, or was not asked."""
    opened: bool = False
    """Whether a browser was told to open it."""


def find_dashboard(environment_name: str) -> Dashboard:
    """The dashboard's address. Raises UnknownEnvironment, and NotDeployed where there is none."""
    project = find_project()
    environment = environment_named(project, environment_name)
    if environment.is_local:
        return _local_dashboard(LocalFolder(project.local))
    return _azure_dashboard(project, environment)


def _local_dashboard(folder: LocalFolder) -> Dashboard:
    state = control.running_state(folder)
    if state is None:
        raise not_running(folder)
    part = next((one for one in control.planned_parts(folder) if one.name == DASHBOARD), None)
    if part is None:
        raise _without_dashboard(folder)
    found = trouble(part.probe)
    address = dashboard_address(part.probe.port)
    return Dashboard(environment="local", address=address, trouble="" if found is None else found.text)


def _without_dashboard(folder: LocalFolder) -> NotDeployed:
    absence = kept_absence(folder)
    message = f"The environment local runs without its dashboard. {absence.reason}".rstrip()
    step = absence.hint.removesuffix(".").removesuffix(", then deploy again")
    before = f"{step}. Then: " if step else "Run: "
    return NotDeployed(message, hint=f"{before}{DEPLOY}")


def _azure_dashboard(project: Project, environment: Environment) -> Dashboard:
    """From Terraform's outputs: behind Front Door where that stands before it."""
    from anomalyctl.operations.infrastructure.outputs import read_outputs
    from anomalyctl.operations.infrastructure.stage import Request

    outputs = {one.name: one.value for one in read_outputs(Request(environment.name))}
    address = outputs.get("front_door_url") or outputs.get("app_service_url")
    if not address:
        raise NotDeployed(
            f"{environment.name} has no dashboard.",
            hint=f"Deploy it: anomalyctl deploy --env {environment.name}",
        )
    return Dashboard(environment=environment.name, address=str(address))
