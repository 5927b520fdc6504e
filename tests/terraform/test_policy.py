"""What checkov does not know holds in every flavour: Redis, Container Apps, functions, rules, tags."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
import pytest

from anomalyctl.azure.metrics import duration
from anomalyctl.operations.cost.estimating import estimate
from anomalyctl.operations.cost.price_table import read_prices
from anomalyctl.operations.cost.resources import resources_in
from anomalyctl.operations.deployed_state import from_state
from anomalyctl.operations.status_figures import COMPARE
from tests.support.azurerm.schema import attributes, provider_schema
from tests.support.plans import holds_secret, planned
from tests.support.terraform_root import Root

ADDRESSES = [
    "-var=operator_access=addresses",
    '-var=operator_ip_addresses=["203.0.113.7"]',
    "-var=nat_gateway_enabled=true",
]
IMAGE = "-var=detectors_image_tag=0123abc"

FLAVOURS = {
    "prod": ("prod", IMAGE),
    "dev over the internet": ("dev", IMAGE, *ADDRESSES),
    "as first specified": ("prod", IMAGE, "-var=redis_flavor=cache_premium", "-var=functions_plan=flex"),
    "with access keys": ("dev", IMAGE, "-var=access_keys_enabled=true", "-var=functions_plan=elastic"),
}

Plan = dict[str, Any]


@pytest.fixture(scope="module", params=FLAVOURS)
def plan(request: pytest.FixtureRequest, initialised: Root) -> Plan:
    """One plan a flavour, for all claims."""
    environment, *arguments = FLAVOURS[request.param]
    return initialised.plan(*initialised.variables(environment), *arguments) | {"flavour": request.param}


def test_managed_redis_is_private_encrypted_and_loses_nothing(plan: Plan) -> None:
    for redis in planned(plan, "azurerm_managed_redis"):
        database = redis.block("default_database")
        assert redis.values["public_network_access"] == "Disabled"
        assert database["client_protocol"] == "Encrypted"
        assert database["clustering_policy"] == "NoCluster"
        assert database["eviction_policy"] == "NoEviction"
        assert database["access_keys_authentication_enabled"] is (plan["flavour"] == "with access keys")
        if plan["flavour"] == "prod":
            assert database["persistence_append_only_file_backup_frequency"] == "1s"
            assert redis.values["high_availability_enabled"] is True


def test_the_premium_cache_is_private_encrypted_and_loses_nothing(plan: Plan) -> None:
    for redis in planned(plan, "azurerm_redis_cache"):
        settings = redis.block("redis_configuration")
        assert redis.values["public_network_access_enabled"] is False
        assert redis.values["non_ssl_port_enabled"] is False and redis.values["minimum_tls_version"] == "1.2"
        assert redis.values["access_keys_authentication_enabled"] is False
        assert settings["maxmemory_policy"] == "noeviction"
        assert settings["active_directory_authentication_enabled"] is True
        assert "AccountKey" not in str(settings.get("rdb_storage_connection_string"))


def test_exactly_one_redis_stands_in_each_flavour(plan: Plan) -> None:
    assert len(planned(plan, "azurerm_managed_redis", "azurerm_redis_cache")) == 1


def test_container_apps_pull_with_an_identity_and_take_https_only(plan: Plan) -> None:
    for app in planned(plan, "azurerm_container_app", "azurerm_container_app_job"):
        for registry in app.values["registry"]:
            assert not registry.get("username") and not registry.get("password_secret_name"), app.address
        assert app.block("identity")["type"] == "UserAssigned"
        if app.type == "azurerm_container_app":
            assert app.block("ingress")["allow_insecure_connections"] is False


def test_container_apps_have_three_probes_and_one_to_ten_replicas(plan: Plan) -> None:
    for app in planned(plan, "azurerm_container_app"):
        template = app.block("template")
        assert 1 <= template["min_replicas"] <= template["max_replicas"] <= 10
        for container in template["container"]:
            for probe in ("startup_probe", "liveness_probe", "readiness_probe"):
                assert container[probe], f"{app.address}: {container['name']} has no {probe}"


def test_no_container_has_a_secret_among_its_plain_variables(plan: Plan) -> None:
    for app in planned(plan, "azurerm_container_app", "azurerm_container_app_job"):
        marks = (app.secret.get("template") or [{}])[0].get("container", [])
        for container, secret in zip(app.block("template")["container"], marks, strict=True):
            for variable, mark in zip(container["env"], secret.get("env", []), strict=True):
                # Application Insights takes signed-in callers alone; its string names the place.
                if variable["name"] != "APPLICATIONINSIGHTS_CONNECTION_STRING":
                    assert not holds_secret(mark.get("value")), f"{app.address}: {variable['name']}"
        for secret in app.values.get("secret") or []:
            assert not secret.get("value"), f"{app.address}: {secret['name']} is not a reference to the vault"


def test_function_apps_sign_in_with_an_identity_and_are_published_to_with_entra(plan: Plan) -> None:
    apps = planned(plan, "azurerm_linux_function_app", "azurerm_function_app_flex_consumption")
    assert len(apps) == 1
    for app in apps:
        assert app.values["https_only"] is True
        assert app.values["webdeploy_publish_basic_authentication_enabled"] is False
        assert not app.values.get("storage_account_access_key") and not app.values.get("storage_access_key")
        assert app.block("site_config")["minimum_tls_version"] in ("1.2", "1.3")
        assert app.block("site_config")["ip_restriction_default_action"] == "Deny"
        assert app.values["public_network_access_enabled"] is (plan["flavour"] == "dev over the internet")
        if app.type == "azurerm_linux_function_app":
            assert app.values["storage_uses_managed_identity"] is True
            assert app.values["ftp_publish_basic_authentication_enabled"] is False
        else:
            assert app.values["storage_authentication_type"] == "UserAssignedIdentity"


def test_logs_are_kept_for_ninety_days_in_prod(plan: Plan) -> None:
    for workspace in planned(plan, "azurerm_log_analytics_workspace"):
        assert workspace.values["retention_in_days"] >= (90 if plan["flavour"] == "prod" else 30)


def test_openai_takes_entra_tokens_from_our_network_alone(plan: Plan) -> None:
    for account in planned(plan, "azurerm_cognitive_account"):
        assert account.values["public_network_access_enabled"] is False
        assert account.values["local_auth_enabled"] is (plan["flavour"] == "with access keys")
        assert account.block("network_acls")["default_action"] == "Deny"


def test_cosmos_db_takes_no_keys_and_no_callers_from_outside(plan: Plan) -> None:
    for account in planned(plan, "azurerm_cosmosdb_account"):
        assert account.values["local_authentication_enabled"] is (plan["flavour"] == "with access keys")
        outside = account.values["public_network_access_enabled"]
        assert outside is (plan["flavour"] == "dev over the internet")
        if outside:
            assert account.values["ip_range_filter"] == ["203.0.113.7"]


def test_every_resource_that_takes_tags_has_the_five(plan: Plan) -> None:
    five = {"environment", "owner", "cost_center", "project", "managed_by"}
    schemas = provider_schema().resources
    for one in planned(plan):
        if one.type in schemas and "tags" in attributes(schemas[one.type]["block"]):
            assert five <= set(one.values["tags"] or {}), f"{one.address} lacks tags"


def test_every_private_endpoint_has_a_dns_zone_group(plan: Plan) -> None:
    endpoints = planned(plan, "azurerm_private_endpoint")
    assert endpoints
    for one in endpoints:
        assert len(one.values["private_dns_zone_group"]) == 1, one.address


def test_every_subnet_has_a_security_group_that_denies_by_default(plan: Plan) -> None:
    rules = defaultdict(list)
    for rule in planned(plan, "azurerm_network_security_rule"):
        rules[rule.values["network_security_group_name"]].append(rule.values)
    groups = [one.values["name"] for one in planned(plan, "azurerm_network_security_group")]
    subnets = planned(plan, "azurerm_subnet")
    associations = planned(plan, "azurerm_subnet_network_security_group_association")
    assert len(subnets) == len(associations) == len(groups)
    for group in groups:
        for direction in ("Inbound", "Outbound"):
            last = max((one for one in rules[group] if one["direction"] == direction), key=_priority)
            assert last["access"] == "Deny" and _everything(last), f"{group} lets {direction} pass"


def test_no_rule_lets_the_internet_in(plan: Plan) -> None:
    for rule in planned(plan, "azurerm_network_security_rule"):
        if rule.values["direction"] == "Inbound" and rule.values["access"] == "Allow":
            sources = {rule.values["source_address_prefix"], *(rule.values["source_address_prefixes"] or [])}
            assert not sources & {"*", "Internet", "0.0.0.0/0"}, rule.address


def test_only_the_dashboard_is_open_to_everybody(plan: Plan) -> None:
    for one in planned(plan):
        access = one.values.get("public_network_access_enabled", one.values.get("public_network_access"))
        if access in (True, "Enabled") and one.type != "azurerm_linux_web_app":
            assert plan["flavour"] == "dev over the internet" or one.type in SIGNED_IN_ONLY, one.address


SIGNED_IN_ONLY = {"azurerm_key_vault", "azurerm_container_registry"}


def _priority(rule: dict[str, Any]) -> int:
    return int(rule["priority"])


def _everything(rule: dict[str, Any]) -> bool:
    return all(
        rule[one] == "*"
        for one in (
            "protocol",
            "source_address_prefix",
            "destination_address_prefix",
            "destination_port_range",
        )
    )


def test_each_flavour_has_a_price_for_all_of_it(plan: Plan) -> None:
    prices = read_prices()
    found = estimate(resources_in(plan, "after"), prices, prices.date)
    assert found.unpriced == ()
    assert found.monthly > 50
    assert {"eastus", "westeurope", "northeurope"} | {prices.region} >= set(found.other_regions)


def test_status_compares_with_the_thresholds_of_the_alerts_and_knows_all_their_operators(plan: Plan) -> None:
    """terraform/alerts.tf alone says what is too much: `status` takes it from what was deployed."""
    alerts = planned(plan, "azurerm_monitor_metric_alert")
    instances = [
        {"index_key": one.values["description"], "attributes": {**one.values, "scopes": ["/a/resource"]}}
        for one in alerts
    ]
    resource = {
        "mode": "managed",
        "type": "azurerm_monitor_metric_alert",
        "name": "this",
        "instances": instances,
    }
    rules = from_state(orjson.dumps({"serial": 1, "resources": [resource]}), "dev").alerts
    assert len(rules) == len(alerts) >= 10
    declared = {one.values["description"]: one for one in alerts}
    for rule in rules:
        [criterion] = declared[rule.name].values["criteria"]
        assert not criterion.get("dimension"), "status would compare the figure of all dimensions"
        assert (rule.threshold, rule.operator) == (criterion["threshold"], criterion["operator"])
        assert (rule.metric, rule.aggregation) == (criterion["metric_name"], criterion["aggregation"])
        assert rule.window == declared[rule.name].values["window_size"]
        assert rule.operator in COMPARE
        assert duration(rule.window)
