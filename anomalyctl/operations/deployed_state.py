"""What a Terraform state says of an environment: outputs, ids, alert thresholds; its secrets stay behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from anomalyctl.errors import NotDeployed


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A metric alert of terraform/alerts.tf, as it was deployed."""

    name: str
    description: str
    severity: int
    scope: str
    """Id of the resource whose metric it is."""
    namespace: str
    metric: str
    aggregation: str
    operator: str
    threshold: float
    window: str
    """ISO 8601, such as PT5M."""
    enabled: bool


@dataclass(frozen=True, slots=True)
class QueryRule:
    """A log-query alert of terraform/alerts-queries.tf, as it was deployed."""

    name: str
    description: str
    severity: int
    query: str
    measure: str
    """The column that is compared."""
    aggregation: str
    """Over the rows of an answer."""
    operator: str
    threshold: float
    window: str
    """ISO 8601, such as PT15M."""
    enabled: bool


@dataclass(frozen=True, slots=True)
class Deployed:
    """One environment as its state tells. `outputs` holds no sensitive one, nor one that is null."""

    environment: str
    serial: int
    lineage: str
    outputs: Mapping[str, Any]
    ids: Mapping[str, str]
    """Azure's id of each resource, by Terraform's address."""
    alerts: tuple[AlertRule, ...]
    access_keys: bool
    """Whether Redis and Cosmos DB take keys besides Entra; those are in the vault."""
    query_alerts: tuple[QueryRule, ...] = ()
    mark: str = ""
    """The state's own sign of change: a blob's ETag, a file's time."""
    unchecked: str = field(default="", compare=False)
    """Why nobody could tell whether the state has changed since; empty where it has not."""

    def text(self, name: str) -> str:
        """An output as text. Raises NotDeployed where there is none."""
        value = self.outputs.get(name)
        if value in (None, ""):
            raise NotDeployed(
                f"{self.environment} has no output {name}: it is not deployed, or only in part.",
                hint=f"Run: anomalyctl deploy --env {self.environment}",
            )
        return str(value)

    def optional(self, name: str) -> str:
        """An output as text, "" where there is none."""
        return str(self.outputs.get(name) or "")


def from_state(text: bytes, environment: str, mark: str = "") -> Deployed:
    """What a state says, as `terraform state pull` gives it; its secrets are left behind."""
    body = orjson.loads(text) if text.strip() else {}
    outputs = body.get("outputs") or {}
    managed = [one for one in body.get("resources") or () if one.get("mode") == "managed"]
    outputs = {**outputs, **_restored(managed, outputs)}
    return Deployed(
        environment=environment,
        serial=int(body.get("serial", 0)),
        lineage=str(body.get("lineage", "")),
        outputs={
            name: one.get("value")
            for name, one in sorted(outputs.items())
            if not one.get("sensitive") and one.get("value") is not None
        },
        ids=dict(_ids(managed)),
        alerts=tuple(sorted(_alerts(managed), key=lambda rule: (rule.severity, rule.name))),
        access_keys=(outputs.get("redis_access_key") or {}).get("value") is not None,
        query_alerts=tuple(sorted(_query_alerts(managed), key=lambda rule: (rule.severity, rule.name))),
        mark=mark,
    )


def _ids(managed: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found = []
    for resource in managed:
        address = f"{resource['type']}.{resource['name']}"
        for instance in resource.get("instances") or ():
            key = instance.get("index_key")
            identity = (instance.get("attributes") or {}).get("id")
            if isinstance(identity, str) and identity.startswith("/"):
                found.append(
                    (address if key is None else f"{address}[{orjson.dumps(key).decode()}]", identity)
                )
    return found


def _restored(managed: list[dict[str, Any]], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs about the Cosmos DB account, from the account itself: one that was restored and taken into
    the state serves before the next apply writes outputs.
    """
    for one in managed:
        if (one["type"], one["name"]) == ("azurerm_cosmosdb_account", "this"):
            account = (one.get("instances") or [{}])[0].get("attributes") or {}
            told = {"cosmos_db_endpoint": "endpoint", "cosmos_db_account_name": "name"}
            return {
                output: {"value": account[attribute]}
                for output, attribute in told.items()
                if output in outputs and account.get(attribute)
            }
    return {}


def _alerts(managed: list[dict[str, Any]]) -> list[AlertRule]:
    found = []
    for resource in managed:
        if resource["type"] != "azurerm_monitor_metric_alert":
            continue
        for instance in resource.get("instances") or ():
            alert = instance.get("attributes") or {}
            for criterion in alert.get("criteria") or ():
                for scope in (alert.get("scopes") or ())[:1]:
                    found.append(
                        AlertRule(
                            name=str(instance.get("index_key") or alert.get("name", "")),
                            description=str(alert.get("description") or ""),
                            severity=int(alert.get("severity", 3)),
                            scope=str(scope),
                            namespace=str(criterion["metric_namespace"]),
                            metric=str(criterion["metric_name"]),
                            aggregation=str(criterion["aggregation"]),
                            operator=str(criterion["operator"]),
                            threshold=float(criterion["threshold"]),
                            window=str(alert.get("window_size") or "PT5M"),
                            enabled=bool(alert.get("enabled", True)),
                        )
                    )
    return found


def _query_alerts(managed: list[dict[str, Any]]) -> list[QueryRule]:
    return [
        QueryRule(
            name=str(instance.get("index_key") or alert.get("name", "")),
            description=str(alert.get("description") or ""),
            severity=int(alert.get("severity", 3)),
            query=str(criterion["query"]),
            measure=str(criterion.get("metric_measure_column") or ""),
            aggregation=str(criterion["time_aggregation_method"]),
            operator=str(criterion["operator"]),
            threshold=float(criterion["threshold"]),
            window=str(alert.get("window_duration") or "PT15M"),
            enabled=bool(alert.get("enabled", True)),
        )
        for resource in managed
        if resource["type"] == "azurerm_monitor_scheduled_query_rules_alert_v2"
        for instance in resource.get("instances") or ()
        for alert in [instance.get("attributes") or {}]
        for criterion in alert.get("criteria") or ()
    ]
