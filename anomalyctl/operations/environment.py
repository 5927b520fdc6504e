"""The environment that a command of the life cycle is about: deploy, destroy, status, logs."""

from __future__ import annotations

import os

from anomalyctl.environments import Environment, environment_named
from anomalyctl.errors import PreconditionFailed
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.surroundings import ask_loopback_directly
from anomalyctl.project import Project, find_project


def local_folder(environment_name: str, verb: str) -> tuple[Project, LocalFolder]:
    """The project, and the folder of its environment `local`.

    Raises UnknownEnvironment, and PreconditionFailed for an Azure environment.
    """
    project = find_project()
    require_local(environment_named(project, environment_name), verb)
    ask_loopback_directly(os.environ)  # the SDKs read their proxies from there
    return project, LocalFolder(project.local)


def require_local(environment: Environment, verb: str) -> None:
    """Raise PreconditionFailed unless the environment is the one on this machine."""
    if not environment.is_local:
        raise PreconditionFailed(
            f"`anomalyctl {verb}` is for this machine; {environment.name} is an Azure environment.",
            hint=f"Leave --env out: anomalyctl {verb}",
        )


def require_azure(environment: Environment, verb: str) -> None:
    """Raise PreconditionFailed for the environment on this machine, which `verb` is not for."""
    if environment.is_local:
        raise PreconditionFailed(
            f"`anomalyctl {verb}` is for Azure; {environment.name} runs the code of the checkout as it is.",
            hint=f"Name one: anomalyctl {verb} --env dev. For {environment.name}: anomalyctl deploy",
        )
