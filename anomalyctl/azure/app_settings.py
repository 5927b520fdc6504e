"""What a site of App Service or Functions reads from its environment, changed without Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.resource_manager import ResourceManager

SITES_API: Final = "2023-12-01"


def read_setting(manager: ResourceManager, site_id: str, name: str) -> str:
    """The value of one setting; "" where there is none, no such site, or this identity may not ask."""
    try:
        found = manager.post(f"{site_id}/config/appsettings/list", SITES_API, {})
    except NotAllowed:
        return ""
    except AzureRefused as error:
        if error.status != 404:
            raise
        return ""
    return str((found.get("properties") or {}).get(name, ""))


def change_settings(manager: ResourceManager, site_id: str, changes: Mapping[str, str]) -> tuple[str, ...]:
    """Give these settings new values, and leave every other as it is; the names of those that changed.

    Azure writes the list as a whole, so it is read first and never kept: values may be secret.
    """
    settings = manager.post(f"{site_id}/config/appsettings/list", SITES_API, {}).get("properties") or {}
    changed = tuple(name for name, value in changes.items() if settings.get(name) != value)
    if changed:
        manager.put(f"{site_id}/config/appsettings", SITES_API, {"properties": {**settings, **dict(changes)}})
    return changed


def read_anew(manager: ResourceManager, site_id: str) -> None:
    """Have the site fetch what its settings refer to in the vault, which it else keeps for a day, and
    restart with it.
    """
    manager.act(f"{site_id}/config/configreferences/appsettings/refresh", SITES_API)
    manager.act(f"{site_id}/restart", SITES_API)
