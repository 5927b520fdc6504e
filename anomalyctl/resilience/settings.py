"""Policies as the environment tunes them: `RESILIENCE_<KIND>_<FIELD>`, as `RESILIENCE_DATABASE_ATTEMPTS`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from anomalyctl.errors import InvalidInput
from anomalyctl.resilience.policies import POLICIES, Policy

_PREFIX: Final = "RESILIENCE"


def in_force(policy: Policy) -> Policy:
    """The policy as this process's environment tunes it; see `tuned`.

    What a caller has made otherwise than its kind's stays: one try within another's retries, for one.
    """
    heeded, kind = tuned(policy, os.environ), POLICIES.get(policy.name, policy)
    made = {
        each.name: getattr(policy, each.name)
        for each in fields(policy)
        if getattr(policy, each.name) != getattr(kind, each.name)
    }
    return replace(heeded, **made)


def tuned(policy: Policy, environ: Mapping[str, str]) -> Policy:
    """The policy with what the environment says otherwise; the kind is its name, in capitals.

    Raises InvalidInput naming the variable whose value is no positive number.
    """
    changes: dict[str, Any] = {}
    for each in fields(policy):
        variable = variable_of(policy, each.name)
        if each.name == "name" or variable not in environ:
            continue
        whole = isinstance(getattr(policy, each.name), int)
        try:
            value = int(environ[variable]) if whole else float(environ[variable])
        except ValueError:
            value = -1
        if not 0 < value < float("inf"):
            raise InvalidInput(
                f"{variable} must be a positive {'whole ' if whole else ''}number.",
                field=variable,
                hint=f"The default is {getattr(policy, each.name):g}.",
            )
        changes[each.name] = value
    return replace(policy, **changes)


def variable_of(policy: Policy, field: str) -> str:
    """The name of the variable that tunes a field of the policy."""
    return f"{_PREFIX}_{policy.name}_{field}".upper().replace(" ", "_")
