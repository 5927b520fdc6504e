"""Private endpoints: a second one beside the first, for another resource, in the same subnet and DNS zone."""

from __future__ import annotations

from typing import Any, Final

from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.errors import NotFound

NETWORK_API: Final = "2023-11-01"


def copy_endpoint(
    manager: ResourceManager, old_id: str, new_id: str, *, resource_id: str, interface: str
) -> None:
    """Make the endpoint `new_id` to `resource_id` as the one of `old_id` is; making it twice is making it
    once. Raises NotFound where there is no old one.
    """
    old = manager.get(old_id, NETWORK_API)
    if old is None:
        raise NotFound(f"There is no private endpoint {old_id.rpartition('/')[2]}.")
    about = old["properties"]
    properties: dict[str, Any] = {
        "subnet": {"id": about["subnet"]["id"]},
        "customNetworkInterfaceName": interface,
        "privateLinkServiceConnections": [
            {
                "name": one["name"],
                "properties": {
                    "privateLinkServiceId": resource_id,
                    "groupIds": one["properties"]["groupIds"],
                },
            }
            for one in about["privateLinkServiceConnections"]
        ],
    }
    made = manager.get(new_id, NETWORK_API)
    if made is None or made["properties"].get("provisioningState") != "Succeeded":
        body = {"location": old["location"], "tags": old.get("tags") or {}, "properties": properties}
        manager.put(new_id, NETWORK_API, body)
    for group in manager.list(f"{old_id}/privateDnsZoneGroups", NETWORK_API):
        zones = [
            {
                "name": one["name"],
                "properties": {"privateDnsZoneId": one["properties"]["privateDnsZoneId"]},
            }
            for one in group["properties"]["privateDnsZoneConfigs"]
        ]
        manager.put(
            f"{new_id}/privateDnsZoneGroups/{group['name']}",
            NETWORK_API,
            {"properties": {"privateDnsZoneConfigs": zones}},
        )
