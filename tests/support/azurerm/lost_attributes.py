"""Puts back the attributes called `description` that a schema lost when its descriptions were removed.

An untouched `terraform providers schema -json` has them, and is left as it is. Where they belong is from the
provider's documentation of 5.2.0; all are optional strings.
"""

from __future__ import annotations

from typing import Any

_RESTRICTIONS = ["site_config.ip_restriction", "site_config.scm_ip_restriction"]
_PLACES = {
    "azurerm_application_insights_workbook": [""],
    "azurerm_container_app": ["ingress.ip_security_restriction"],
    "azurerm_function_app_flex_consumption": _RESTRICTIONS,
    "azurerm_linux_function_app": _RESTRICTIONS,
    "azurerm_linux_web_app": _RESTRICTIONS,
    "azurerm_monitor_activity_log_alert": [""],
    "azurerm_monitor_metric_alert": [""],
    "azurerm_monitor_scheduled_query_rules_alert_v2": [""],
    "azurerm_network_security_rule": [""],
    "azurerm_resource_group_policy_assignment": [""],
    "azurerm_role_assignment": [""],
}


def put_back(type_name: str, schema: dict[str, Any]) -> None:
    """Add to a resource's schema, in place, the descriptions that it lacks."""
    for place in _PLACES.get(type_name, []):
        block = schema["block"]
        for name in filter(None, place.split(".")):
            block = block["block_types"][name]["block"]
        block["attributes"].setdefault("description", {"type": "string", "optional": True})
    rules = schema["block"]["attributes"].get("security_rule")
    if type_name == "azurerm_network_security_group" and rules:
        rules["type"][1][1].setdefault("description", "string")
