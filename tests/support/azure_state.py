"""The Terraform state of an environment of Azure, small: what commands read of one, and secrets beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-anomaly-detection-dev"
FUNCTION_APP = f"{GROUP}/providers/Microsoft.Web/sites/func-anomaly-detection-dev"


def state_document(serial: int, outputs: dict[str, Any]) -> dict[str, Any]:
    """A state as Terraform writes it: these outputs, four resources, the alerts; with secrets in it."""
    sensitive = {
        "redis_connection_string": "host:10000,password=s3cret-of-the-state",
        "redis_access_key": None,
    }
    told: dict[str, Any] = {
        name: {"value": value, "type": "string"} for name, value in outputs.items() if name not in sensitive
    }
    for name, value in sensitive.items():
        told[name] = {"value": outputs.get(name, value), "type": "string", "sensitive": True}
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": "a-lineage",
        "outputs": told,
        "resources": [_resource(*one) for one in _RESOURCES] + [_alerts(), _query_alerts()],
    }


_RESOURCES = [
    ("azurerm_linux_function_app", "this", 0, FUNCTION_APP),
    ("azurerm_managed_redis", "this", 0, f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/amr-dev"),
    (
        "azurerm_cosmosdb_account",
        "this",
        None,
        f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosno-dev",
    ),
    (
        "azurerm_container_app",
        "detectors",
        None,
        f"{GROUP}/providers/Microsoft.App/containerApps/ca-detectors-dev",
    ),
]


def _resource(kind: str, name: str, key: Any, identity: str) -> dict[str, Any]:
    instance: dict[str, Any] = {
        "schema_version": 0,
        "attributes": {"id": identity, "key": "s3cret-of-the-state"},
    }
    if key is not None:
        instance["index_key"] = key
    return {"mode": "managed", "type": kind, "name": name, "provider": _PROVIDER, "instances": [instance]}


def _alerts() -> dict[str, Any]:
    rules = [
        (
            "redis-memory",
            2,
            _RESOURCES[1][3],
            "Microsoft.Cache/redisEnterprise",
            "usedmemorypercentage",
            "Maximum",
            90,
        ),
        (
            "cosmos-throttled",
            2,
            _RESOURCES[2][3],
            "Microsoft.DocumentDB/databaseAccounts",
            "NormalizedRUConsumption",
            "Maximum",
            90,
        ),
        (
            "queue-lag",
            1,
            f"{GROUP}/providers/Microsoft.Insights/components/appi-dev",
            "azure.applicationinsights",
            "queue_lag_seconds",
            "Minimum",
            300,
        ),
    ]
    return {
        "mode": "managed",
        "type": "azurerm_monitor_metric_alert",
        "name": "this",
        "provider": _PROVIDER,
        "instances": [
            {
                "index_key": name,
                "schema_version": 0,
                "attributes": {
                    "id": f"{GROUP}/providers/Microsoft.Insights/metricAlerts/alert-{name}",
                    "name": f"alert-{name}",
                    "description": f"{name} is described.",
                    "severity": severity,
                    "scopes": [scope],
                    "window_size": "PT15M",
                    "enabled": True,
                    "criteria": [
                        {
                            "metric_namespace": namespace,
                            "metric_name": metric,
                            "aggregation": aggregation,
                            "operator": "GreaterThan",
                            "threshold": threshold,
                        }
                    ],
                },
            }
            for name, severity, scope, namespace, metric, aggregation, threshold in rules
        ],
    }


def _query_alerts() -> dict[str, Any]:
    """The log-query alerts with the queries and thresholds that terraform/alerts-queries.tf gives them."""
    return {
        "mode": "managed",
        "type": "azurerm_monitor_scheduled_query_rules_alert_v2",
        "name": "this",
        "provider": _PROVIDER,
        "instances": [
            {
                "index_key": one["name"],
                "schema_version": 0,
                "attributes": {
                    "id": f"{GROUP}/providers/Microsoft.Insights/scheduledQueryRules/alert-{one['name']}",
                    "name": f"alert-{one['name']}",
                    "description": f"{one['name']} is described.",
                    "severity": int(one["severity"]),
                    "window_duration": one["window"],
                    "enabled": True,
                    "criteria": [
                        {
                            "query": re.sub(r"\$\{[^}]*\}", "2099-01-01", one["query"]),
                            "metric_measure_column": one["measure"],
                            "time_aggregation_method": "Maximum",
                            "operator": "GreaterThan",
                            "threshold": float(one["threshold"]) if one["threshold"].isdigit() else 10.0,
                        }
                    ],
                },
            }
            for one in (match.groupdict() for match in _QUERY_ALERT.finditer(_ALERTS.read_text()))
        ],
    }


_ALERTS = Path(__file__).parents[2] / "terraform" / "alerts-queries.tf"
_QUERY_ALERT = re.compile(
    r"\n    (?P<name>[a-z-]+) = \{\n(?:(?!\n    \}).)*?severity\s*= (?P<severity>\d)(?:(?!\n    \}).)*?"
    r'window = "(?P<window>\w+)", measure = "(?P<measure>\w+)", threshold = (?P<threshold>[\w.]+)'
    r"\s*query\s*=\s*<<-KQL\n(?P<query>.*?)\n\s*KQL",
    re.DOTALL,
)
_PROVIDER = 'provider["registry.terraform.io/hashicorp/azurerm"]'
