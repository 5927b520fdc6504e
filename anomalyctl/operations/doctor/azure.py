"""The examination of an Azure environment, before a deployment or when something is wrong with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from anomalyctl.azure.session import open_session
from anomalyctl.environments import Environment
from anomalyctl.errors import AnomalyctlError, InvalidInput, SignInFailed
from anomalyctl.operations.doctor import (
    access,
    deploying,
    identity,
    machine,
    model,
    naming,
    platform,
    quota,
    state,
    tools,
)
from anomalyctl.operations.doctor.checks import Check, Examination, side_by_side
from anomalyctl.operations.doctor.site import NotLookedAt, OutsideOfTargets, Site
from anomalyctl.operations.doctor.variables import GivenVariables
from anomalyctl.project import Project
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.references import types_needed_by
from anomalyctl.resilience.policies import RESOURCE_MANAGER

_POLICY = replace(RESOURCE_MANAGER.interactive(), timeout_s=10.0)
_LOOKS: tuple[tuple[str, Callable[[Site], Check]], ...] = (
    ("terraform", tools.terraform),
    ("variables", tools.variables),
    ("sign-in", identity.sign_in),
    ("subscription", identity.subscription),
    ("roles", identity.roles),
    ("resource providers", platform.resource_providers),
    ("names", naming.names),
    ("soft-deleted names", naming.soft_deleted),
    ("language model", model.language_model),
    ("quota", quota.quota),
    (state.BACKEND, state.backend),
    ("state lock", state.lock),
    ("operators' way in", access.way_in),
    (deploying.SECRETS, deploying.way_to_vault),
    (deploying.OPERATORS, deploying.operators),
)


def examine_azure(
    project: Project,
    environment: Environment,
    *,
    environ: Mapping[str, str] | None = None,
    variable_files: Sequence[Path] = (),
    variables: Sequence[str] = (),
    targets: Sequence[str] = (),
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    sleep: Callable[[float], None] = time.sleep,
) -> Examination:
    """Look at everything that a deployment to the environment needs. Changes nothing.

    `variable_files` and `variables` (NAME=VALUE) count as they would for a plan; with `targets`, what none of
    them needs is left out.

    What cannot be looked at is told as a check, never raised. Raises InvalidInput for addresses of Azure that
    cannot be read.
    """
    environ = os.environ if environ is None else environ
    try:
        session = open_session(environment, environ, sleep=sleep)
    except InvalidInput:
        raise
    except AnomalyctlError as error:
        what = "sign-in" if isinstance(error, SignInFailed) else "subscription"
        told = Check(what, "failed", error.message, error.hint)
        return side_by_side([lambda: told, lambda: machine.disk(project)])
    with session, session.resource_manager(_POLICY) as manager:
        given = GivenVariables(tuple(variable_files), tuple(variables))
        needed = types_needed_by(Configuration(project.terraform), targets) if targets else None
        site = Site(project, environment, session, manager, environ, clock(), given, needed)
        try:
            looks = [_guarded(name, look, site) for name, look in _LOOKS]
            return side_by_side(
                [*looks, lambda: machine.disk(project), lambda: machine.state_folder(project)]
            )
        finally:
            site.close()


def _guarded(name: str, look: Callable[[Site], Check], site: Site) -> Callable[[], Check]:
    def guarded() -> Check:
        try:
            return look(site)
        except OutsideOfTargets as error:
            return Check(name, "ok", error.message)
        except NotLookedAt as error:
            return Check(name, "warning", error.message, error.hint)
        except AnomalyctlError as error:
            return Check(name, "failed", error.message, error.hint)

    return guarded
