"""What resources are thought to cost: the arithmetic, the assumptions, and what is not known."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import InvalidInput
from anomalyctl.operations.cost import estimating
from anomalyctl.operations.cost.by_use import BY_USE
from anomalyctl.operations.cost.estimating import Estimate, differences
from anomalyctl.operations.cost.price_table import BUILT_IN, Change, Prices, read_prices
from anomalyctl.operations.cost.resources import Resource, resources_in

PRICES = read_prices()
TERRAFORM = Path(__file__).parents[3] / "terraform"


def estimate(resources: Sequence[Resource], prices: Prices) -> Estimate:
    return estimating.estimate(resources, prices, prices.date)


def plan_of(sku: str, **values: Any) -> Resource:
    return Resource("azurerm_service_plan.app", "azurerm_service_plan", {"sku_name": sku, **values})


def test_every_type_of_resource_that_our_module_makes_has_a_price_or_is_known_to_cost_nothing():
    used = {
        found
        for file in TERRAFORM.glob("*.tf")
        for found in re.findall(r'^resource "(azurerm_\w+)"', file.read_text(), flags=re.MULTILINE)
    }
    priced = {rule.type for rule in PRICES.fixed} | set(BY_USE)
    assert used > {"azurerm_managed_redis", "azurerm_cosmosdb_account"}
    assert used - priced - PRICES.free.types == set()
    assert priced & PRICES.free.types == set()


def test_a_plan_costs_its_hours_times_its_instances():
    one = estimate([plan_of("B1")], PRICES)
    two = estimate([plan_of("B1", worker_count=2)], PRICES)
    assert one.monthly == pytest.approx(0.017 * 730, abs=0.01)
    assert two.monthly == pytest.approx(2 * one.monthly, abs=0.01)
    assert two.lines[0].basis == "2 × 0.017 an hour"


def test_an_autoscaled_plan_is_counted_with_the_instances_that_are_always_there():
    scaling = Resource(
        "azurerm_monitor_autoscale_setting.app",
        "azurerm_monitor_autoscale_setting",
        {"profile": [{"capacity": [{"minimum": 3, "maximum": 10}]}]},
    )
    assert estimate([plan_of("P1v3"), scaling], PRICES).lines[0].basis == "3 × 0.155 an hour"


def test_a_redis_that_is_doubled_for_availability_costs_twice():
    def redis(doubled: bool) -> Resource:
        values = {"sku_name": "Balanced_B1", "high_availability_enabled": doubled}
        return Resource("azurerm_managed_redis.this", "azurerm_managed_redis", values)

    assert estimate([redis(True)], PRICES).monthly == 2 * estimate([redis(False)], PRICES).monthly > 0


def test_what_the_table_does_not_know_is_named_and_never_taken_as_free():
    found = estimate(
        [
            plan_of("X99"),
            Resource("azurerm_quantum.q", "azurerm_quantum", {}),
            Resource("azurerm_service_plan.later", "azurerm_service_plan", {}),
        ],
        PRICES,
    )
    assert found.monthly == 0
    assert {one.address: one.reason for one in found.unpriced} == {
        "azurerm_service_plan.app": "no price for X99",
        "azurerm_quantum.q": "the table does not know azurerm_quantum",
        "azurerm_service_plan.later": "sku_name known only after the apply",
    }


def cosmos(**values: Any) -> Resource:
    known = {"backup": [{"tier": "Continuous7Days"}], "capabilities": [{"name": "EnableServerless"}]}
    return Resource("azurerm_cosmosdb_account.this", "azurerm_cosmosdb_account", known | values)


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (cosmos(capabilities=[]), "provisioned"),
        (cosmos(backup=[{"tier": "Continuous90Days"}]), "Continuous90Days"),
        (
            Resource(
                "azurerm_log_analytics_workspace.a",
                "azurerm_log_analytics_workspace",
                {"sku": "CapacityReservation"},
            ),
            "CapacityReservation",
        ),
        (
            Resource(
                "azurerm_cognitive_deployment.a",
                "azurerm_cognitive_deployment",
                {"model": [{"name": "gpt-5.4-mini"}], "sku": [{"name": "ProvisionedManaged"}]},
            ),
            "ProvisionedManaged",
        ),
        (
            Resource(
                "azurerm_cognitive_deployment.a",
                "azurerm_cognitive_deployment",
                {"model": [{"name": "gpt-9"}]},
            ),
            "gpt-9",
        ),
        (
            Resource(
                "azurerm_container_app_environment.a",
                "azurerm_container_app_environment",
                {
                    "workload_profile": [
                        {"workload_profile_type": "Consumption"},
                        {"workload_profile_type": "D4"},
                    ]
                },
            ),
            "D4",
        ),
        (
            Resource(
                "azurerm_storage_account.a", "azurerm_storage_account", {"account_replication_type": "XRS"}
            ),
            "XRS",
        ),
        (Resource("azurerm_nat_gateway.a", "azurerm_nat_gateway", {"sku_name": "Grand"}), "Grand"),
    ],
)
def test_a_kind_of_a_known_resource_that_is_paid_for_otherwise_is_named(resource: Resource, words: str):
    found = estimate([resource], PRICES)
    assert found.monthly == 0
    [unpriced] = found.unpriced
    assert unpriced.address == resource.address
    assert words in unpriced.reason


def test_all_containers_of_a_replica_are_counted():
    def app(containers: int) -> Resource:
        container = {"cpu": 0.5, "memory": "1Gi"}
        values = {"template": [{"min_replicas": 2, "container": [container] * containers}]}
        return Resource("azurerm_container_app.a", "azurerm_container_app", values)

    assert estimate([app(2)], PRICES).monthly > 2 * estimate([app(1)], PRICES).monthly
    assert estimate([app(2)], PRICES).lines[0].basis == "2 × 1 cores and 2 GB, busy 15%"


def test_an_instance_that_is_always_ready_costs_though_it_rests():
    def functions(**values: Any) -> Resource:
        kind = "azurerm_function_app_flex_consumption"
        return Resource(f"{kind}.this", kind, {"instance_memory_in_mb": 2048} | values)

    ready = estimate([functions(always_ready=[{"instance_count": 1}])], PRICES)
    assert ready.monthly > estimate([functions()], PRICES).monthly + 15
    assert ready.lines[0].basis.endswith("1 always ready")


def test_one_spelling_of_a_region_is_as_good_as_another():
    here = Resource("azurerm_private_endpoint.a", "azurerm_private_endpoint", {"location": "East US"})
    there = Resource("azurerm_private_endpoint.b", "azurerm_private_endpoint", {"location": "North Europe"})
    assert estimate([here, there], PRICES).other_regions == ("northeurope",)


def test_more_sources_cost_more_only_where_use_is_paid_for():
    account = cosmos()
    resources = [account, plan_of("B1")]
    one = estimate(resources, PRICES)
    ten = estimate(resources, Change(sources=10).over(PRICES))
    assert one.monthly_by_use > 0
    assert ten.monthly_by_use == pytest.approx(10 * one.monthly_by_use, rel=0.01)
    assert ten.monthly - ten.monthly_by_use == pytest.approx(one.monthly - one.monthly_by_use)
    assert ten.assumed["sources"] == 10


def test_a_daily_quota_bounds_what_logs_can_cost():
    def workspace(quota: float) -> Resource:
        values = {"daily_quota_gb": quota, "retention_in_days": 30}
        return Resource("azurerm_log_analytics_workspace.this", "azurerm_log_analytics_workspace", values)

    much = Change(sources=1000).over(PRICES)
    assert estimate([workspace(1)], much).monthly < estimate([workspace(-1)], much).monthly


def test_a_reservation_is_shown_only_where_one_is_sold():
    found = estimate(
        [plan_of("P1v3"), Resource("azurerm_nat_gateway.n", "azurerm_nat_gateway", {"sku_name": "Standard"})],
        PRICES,
    )
    reserved = {one.address: one.reserved for one in found.lines}
    assert reserved["azurerm_nat_gateway.n"] is None
    assert found.saved_by_reservation == pytest.approx(0.155 * 730 * 0.35, abs=0.01)


def test_differences_name_what_comes_goes_and_changes_and_nothing_else():
    stays = Resource("azurerm_private_endpoint.a", "azurerm_private_endpoint", {})
    goes = Resource("azurerm_private_endpoint.b", "azurerm_private_endpoint", {})
    before = estimate([stays, goes, plan_of("B1")], PRICES)
    after = estimate([stays, plan_of("B2")], PRICES)
    found = differences(before, after)
    assert [one.address for one in found] == ["azurerm_service_plan.app", "azurerm_private_endpoint.b"]
    assert found[1].after == 0
    assert sum(one.after - one.before for one in found) == pytest.approx(
        after.monthly - before.monthly, abs=0.01
    )


def test_resources_of_child_modules_are_counted_and_data_sources_are_not():
    document = {
        "values": {
            "root_module": {
                "resources": [{"address": "data.x.y", "mode": "data", "type": "x", "values": {}}],
                "child_modules": [
                    {"resources": [{"address": "module.m.a.b", "mode": "managed", "type": "a", "values": {}}]}
                ],
            }
        }
    }
    assert [one.address for one in resources_in(document, "state")] == ["module.m.a.b"]


def test_a_table_of_ones_own_is_refused_with_the_field_named(tmp_path: Path):
    own = tmp_path / "prices.toml"
    own.write_text(BUILT_IN.read_text().replace("hours = 730", 'hours = "many"'))
    with pytest.raises(InvalidInput) as refused:
        read_prices(own)
    assert refused.value.field == "hours"
    for wrong, field in (
        ("million_request_units = -1", "cosmos_db.million_request_units"),
        ("million_request_units = inf", "cosmos_db.million_request_units"),
        ("million_request_units = nan", "cosmos_db.million_request_units"),
    ):
        own.write_text(BUILT_IN.read_text().replace("million_request_units = 0.25", wrong))
        with pytest.raises(InvalidInput) as refused:
            read_prices(own)
        assert refused.value.field == field
    own.write_text(BUILT_IN.read_text().replace("azurerm_redis_cache = 0.35", "azurerm_redis_cache = 1.35"))
    with pytest.raises(InvalidInput, match="reservation"):
        read_prices(own)
    own.write_text("date = [")
    with pytest.raises(InvalidInput, match="no TOML"):
        read_prices(own)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_prices(tmp_path / "nowhere.toml")


def test_a_table_that_is_more_than_a_year_old_says_so():
    day = PRICES.date
    young, old = (estimating.estimate([], PRICES, day + datetime.timedelta(days=days)) for days in (360, 370))
    assert not young.table_is_old
    assert old.table_is_old


def test_resources_elsewhere_are_said_to_be_taken_at_this_regions_prices():
    assert estimate([plan_of("B1", location="norwayeast")], PRICES).other_regions == ("norwayeast",)
    assert estimate([plan_of("B1", location="eastus")], PRICES).other_regions == ()
