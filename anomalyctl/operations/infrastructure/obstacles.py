"""What in Azure would stop a destruction half-way: locks, and groups that hold what Terraform does not know.

`prevent_destroy` is Terraform's own and is lifted by an override; these stand in Azure, and nothing that we
could write into a configuration lifts them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from anomalyctl.errors import AnomalyctlError, Protected
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.provisioning.state import ids_in_state, ids_of

RESOURCES_API: Final = "2025-04-01"
_LOCKS_API: Final = "2016-09-01"
_TIMEOUT_S: Final = 10.0
_GROUP: Final = "azurerm_resource_group"
_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What was found; `reason` says why Azure was not asked."""

    locks: tuple[str, ...] = ()
    """Ids of management locks on, above or within what is to go."""
    strangers: tuple[str, ...] = ()
    """Ids of what a group that is to go still holds, beside the state."""
    reason: str = ""

    def check(self) -> None:
        """Raise Protected where there is anything, with the commands that clear the way."""
        if not self.locks and not self.strangers:
            return
        told = [f"the lock {one.rsplit('/', 1)[1]} on {_scope(one)}" for one in self.locks]
        if self.strangers:
            names = ", ".join(one.rsplit("/", 1)[1] for one in self.strangers[:_LISTED])
            more = f" and {len(self.strangers) - _LISTED} more" if len(self.strangers) > _LISTED else ""
            told.append(f"what the resource group holds beside the state: {names}{more}")
        commands = [f"az lock delete --ids {' '.join(self.locks)}"] * bool(self.locks)
        commands += [f"az resource delete --ids {' '.join(self.strangers)}"] * bool(self.strangers)
        raise Protected(
            f"Azure would refuse the destruction half-way: {'; '.join(told)}.",
            hint="Nothing was changed. Where it is to go, too: " + "; ".join(commands),
            details={"locks": list(self.locks), "strangers": list(self.strangers)},
        )


def obstacles_in_azure(
    place: Place, state: bytes, going: Collection[str], environ: Mapping[str, str]
) -> Obstacles:
    """Ask Azure what stands in the way of destroying the addresses `going` of a state as it was pulled.

    Raises nothing: where Azure cannot be asked the reason is told, and Terraform will find out.
    """
    ids = ids_of(state, going)
    groups = sorted(ids & ids_in_state(state, _GROUP))
    if not place.ours or not any(one.startswith("/subscriptions/") for one in ids):
        return Obstacles()
    from anomalyctl.azure.session import open_session
    from anomalyctl.resilience.policies import RESOURCE_MANAGER

    policy = replace(RESOURCE_MANAGER.interactive(), timeout_s=_TIMEOUT_S)
    try:
        with open_session(place.environment, environ) as session, session.resource_manager(policy) as manager:
            locks_path = f"/subscriptions/{session.subscription.id}/providers/Microsoft.Authorization/locks"
            locks = [str(lock["id"]) for lock in manager.list(locks_path, _LOCKS_API)]
            held: list[dict[str, Any]] = []
            for group in groups:
                held += manager.list(f"{group}/resources", RESOURCES_API)
    except AnomalyctlError as error:
        return Obstacles(reason=error.message)
    known = ids_in_state(state)
    return Obstacles(
        locks=tuple(sorted(one for one in locks if one.lower() not in ids and _in_the_way(one, ids))),
        strangers=tuple(sorted(str(one["id"]) for one in held if str(one["id"]).lower() not in known)),
    )


def _in_the_way(lock: str, ids: Collection[str]) -> bool:
    """A lock holds everything below its scope; what lies above it cannot go either."""
    scope = f"{_scope(lock)}/".lower()
    return any(f"{one}/".startswith(scope) or scope.startswith(f"{one}/") for one in ids)


def _scope(lock: str) -> str:
    return lock[: lock.lower().index("/providers/microsoft.authorization/locks/")]
