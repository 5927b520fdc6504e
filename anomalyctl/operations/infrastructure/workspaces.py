"""Workspaces: one an environment."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.environments import load_environments
from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed, UnknownEnvironment
from anomalyctl.operations.infrastructure.place import DEFAULT_WORKSPACE
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace of a backend."""

    name: str
    selected: bool
    environment: str
    """The environment of the allow-list that it belongs to; empty where there is none."""


def list_workspaces(request: Request, watcher: Watcher = UNWATCHED) -> tuple[Workspace, ...]:
    """All workspaces of the environment's backend."""
    with stage("workspace list", request, watcher, select=False) as prepared:
        return _all(prepared)


def selected_workspace(request: Request, watcher: Watcher = UNWATCHED) -> Workspace:
    """The workspace that the environment works on. Raises NotDeployed where it does not exist."""
    with stage("workspace show", request, watcher) as prepared:
        return _named(prepared, prepared.workspace)


def new_workspace(request: Request, name: str, watcher: Watcher = UNWATCHED) -> Workspace:
    """Make a workspace. Raises UnknownEnvironment for a name that is not in the allow-list."""
    with stage("workspace new", request, watcher, select=False) as prepared:
        known = _environments(prepared)
        if known and name not in known:
            raise UnknownEnvironment(
                f"There is no environment “{name}”, so it gets no workspace.",
                hint=f"Known: {', '.join(known)}. Add it to environments.toml first.",
            )
        if name in prepared.terraform.workspaces():
            raise PreconditionFailed(f"The workspace {name} exists already.", hint="Nothing was changed.")
        prepared.check(prepared.terraform.new_workspace(name))
        return _named(prepared, name)


def select_workspace(request: Request, name: str, watcher: Watcher = UNWATCHED) -> Workspace:
    """Select a workspace. In our own project a workspace belongs to its environment alone."""
    with stage("workspace select", request, watcher, select=False) as prepared:
        if prepared.place.ours and name != prepared.place.workspace:
            raise InvalidInput(
                f"The environment {prepared.place.environment.name} works on the workspace "
                f"{prepared.place.workspace} and on no other.",
                field="name",
                hint=f"Use --env {name}.",
            )
        if name not in prepared.terraform.workspaces():
            raise NotFound(f"There is no workspace {name}.", hint="See: anomalyctl workspace list")
        prepared.check(prepared.terraform.select_workspace(name))
        return _named(prepared, name)


def delete_workspace(request: Request, name: str, watcher: Watcher = UNWATCHED) -> Workspace:
    """Delete a workspace that holds nothing. Raises PreconditionFailed for one that holds resources."""
    with stage("workspace delete", request, watcher, select=False) as prepared:
        if name == DEFAULT_WORKSPACE:
            raise InvalidInput("The workspace default cannot be deleted.", field="name")
        if name not in prepared.terraform.workspaces():
            raise NotFound(f"There is no workspace {name}.", hint="See: anomalyctl workspace list")
        prepared.check(prepared.terraform.select_workspace(name))
        state, _ = prepared.pull()
        if not state.is_empty:
            raise PreconditionFailed(
                f"The workspace {name} holds {len(state.addresses)} resources.",
                hint=f"Destroy them first: anomalyctl destroy --env {name}",
            )
        prepared.back_up()
        prepared.check(prepared.terraform.select_workspace(DEFAULT_WORKSPACE))
        prepared.check(prepared.terraform.delete_workspace(name))
        # Terraform would go on working on a workspace that its data directory names and that is gone.
        (prepared.place.project.state / name / "data" / "environment").unlink(missing_ok=True)
        return Workspace(name, False, name if name in _environments(prepared) else "")


def _all(prepared: Stage) -> tuple[Workspace, ...]:
    known = _environments(prepared)
    return tuple(
        Workspace(name, name == prepared.place.workspace, name if name in known else "")
        for name in prepared.terraform.workspaces()
    )


def _named(prepared: Stage, name: str) -> Workspace:
    known = _environments(prepared)
    return Workspace(name, name == prepared.place.workspace, name if name in known else "")


def _environments(prepared: Stage) -> list[str]:
    if not prepared.place.ours:
        return []
    return [name for name, one in load_environments(prepared.place.project).items() if not one.is_local]
