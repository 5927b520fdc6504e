"""What Azure still has after a destruction, whatever the state says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.infrastructure.obstacles import RESOURCES_API
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.provisioning.state import ids_in_state

_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class AzureLook:
    """What was found in Azure; `reason` says why it was not asked."""

    left: tuple[str, ...] = ()
    reason: str = ""


def look_in_azure(place: Place, before: bytes, after: bytes, environ: Mapping[str, str]) -> AzureLook:
    """The ids in the resource groups of the state `before` that the state `after` does not account for.

    Raises nothing: the destruction is done, and where Azure cannot be asked the reason is told.
    """
    if not place.ours:
        return AzureLook(reason="the root is not ours")
    groups = sorted(ids_in_state(before, "azurerm_resource_group"))
    if not groups:
        return AzureLook(reason="the state held no resource group")
    from anomalyctl.azure.session import open_session
    from anomalyctl.resilience.policies import RESOURCE_MANAGER

    policy = replace(RESOURCE_MANAGER.interactive(), timeout_s=_TIMEOUT_S)
    try:
        with open_session(place.environment, environ) as session, session.resource_manager(policy) as manager:
            found = [
                str(resource["id"])
                for group in groups
                for resource in manager.list(f"{group}/resources", RESOURCES_API)
            ]
    except AnomalyctlError as error:
        return AzureLook(reason=error.message)
    accounted = ids_in_state(after)
    return AzureLook(left=tuple(sorted(one for one in found if one.lower() not in accounted)))
