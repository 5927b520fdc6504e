"""Waiting until a role that was assigned has reached the blobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.state_blobs import StateBlobs
from anomalyctl.errors import PreconditionFailed, TimedOut, Transient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import ROLE_ARRIVAL, STATE_BLOBS, Policy
from anomalyctl.resilience.settings import in_force

ONE_PROBE: Final = replace(STATE_BLOBS, attempts=1, rate_limit_attempts=1, breaker_failures=1000)
"""Waiting is this module's: a new account may be unknown to DNS for longer than a breaker would bear."""
_FIREWALL = "AuthorizationFailure"
_NOT_YET = {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions", "ContainerNotFound", ""}


def wait_for_access(
    blobs: StateBlobs,
    *,
    policy: Policy = ROLE_ARRIVAL,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> float:
    """Return after how many seconds blobs could be read and written.

    Raises PreconditionFailed where the account's firewall keeps us out (no waiting helps), TimedOut where the
    role has not arrived in about ten minutes.
    """
    started = clock()
    try:
        Guard(in_force(policy), sleep=sleep).call(lambda: _try(blobs))
    except Transient as error:
        if "not_yet" not in error.details:
            raise
        raise TimedOut(
            f"The role has not reached the state's blobs after {clock() - started:.0f} s.",
            hint="Everything else is made. Run the same command again in a few minutes.",
        ) from error
    return clock() - started


def _try(blobs: StateBlobs) -> None:
    try:
        blobs.check_reading()
        blobs.check_writing()
    except NotAllowed as error:
        if error.azure_code == _FIREWALL:
            raise PreconditionFailed(
                "The state's storage account lets nobody in from this network.",
                hint="Run it from an allowed network, or allow this one in the account's firewall.",
            ) from error
        if error.azure_code not in _NOT_YET:
            raise
        raise _not_yet(error) from error
    except AzureRefused as error:
        if error.status != 404:
            raise
        raise _not_yet(error) from error


def _not_yet(error: Exception) -> Transient:
    return Transient(str(error), details={"not_yet": True})
