"""What is paid for by use, under the assumptions of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from anomalyctl.operations.cost.fixed import fixed_line
from anomalyctl.operations.cost.lines import CostLine, Unpriced
from anomalyctl.operations.cost.price_table import Prices
from anomalyctl.operations.cost.resources import Resource

_DAYS: Final = 365 / 12
_SECONDS_A_MONTH: Final = 86_400 * _DAYS
_KILOBYTES: Final = 1_000_000
"""In a gigabyte."""


def container_app(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """The replicas that are always there: idle most of the time, computing for a share of it."""
    size = _size_of(resource)
    if size is None:
        return Unpriced(resource.address, "cpu and memory known only after the apply")
    if resource.at("workload_profile_name") not in (None, "", "Consumption"):
        profile = resource.at("workload_profile_name")
        return Unpriced(resource.address, f"no price for the workload profile {profile}")
    cores, memory = size
    replicas = int(resource.at("template.0.min_replicas") or 0)
    table, busy = prices.container_apps, prices.usage.busy_share
    # A detector that scales to nothing still runs while it computes.
    running = _SECONDS_A_MONTH * (replicas or busy)
    active = _SECONDS_A_MONTH * busy
    idle = max(running - active, 0.0)
    active_cores = max(active * cores - table.free_cpu_seconds, 0.0)
    gigabytes = max(running * memory - table.free_gigabyte_seconds, 0.0)
    monthly = (
        active_cores * table.busy_cpu_second
        + idle * cores * table.idle_cpu_second
        + gigabytes * table.gigabyte_second
    )
    basis = f"{replicas} × {cores:g} cores and {memory:g} GB, busy {busy:.0%}"
    return CostLine(resource.address, "Container Apps, by the second", basis, monthly, by_use=True)


def flex_function_app(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Memory while the sweep runs, and each of its runs."""
    table = prices.flex_functions
    gigabytes = float(resource.at("instance_memory_in_mb") or 2048) / 1024
    runs = table.executions_a_day * _DAYS
    running = runs * table.seconds_an_execution * gigabytes
    ready = sum(int(resource.at(f"always_ready.{n}.instance_count") or 0) for n in range(20))
    if ready:
        # An instance that is always there is paid for whether it runs or not, and has no free part.
        monthly = ready * _SECONDS_A_MONTH * gigabytes * table.ready_gigabyte_second
        monthly += running * table.ready_running_gigabyte_second
    else:
        monthly = max(running - table.free_gigabyte_seconds, 0.0) * table.gigabyte_second
    monthly += max(runs - table.free_executions, 0.0) / 1e6 * table.million_executions
    basis = f"{runs:.0f} runs with {gigabytes:g} GB" + (f", {ready} always ready" if ready else "")
    return CostLine(resource.address, "Functions, flex consumption", basis, monthly, by_use=True)


def cosmos_account(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Request units and gigabytes of verdicts, kept for their days, and the backup of them."""
    table, usage = prices.cosmos_db, prices.usage
    if "EnableServerless" not in [resource.at(f"capabilities.{n}.name") for n in range(20)]:
        return Unpriced(
            resource.address, "its throughput is provisioned, and the table knows serverless alone"
        )
    tier = resource.at("backup.0.tier")
    if tier is not None and tier not in table.backup_gigabyte_month:
        return Unpriced(resource.address, f"no price for the backup tier {tier}")
    units = usage.readings_a_day * _DAYS * usage.request_units_a_reading
    kept = usage.readings_a_day * usage.retention_days * usage.stored_kilobytes_a_reading / _KILOBYTES
    zones = table.zone_redundant_factor if resource.at("geo_location.0.zone_redundant") else 1.0
    backup = table.backup_gigabyte_month.get(str(tier), 0.0)  # the periodic one comes with the account
    monthly = (
        units / 1e6 * table.million_request_units * zones
        + kept * table.gigabyte_month * zones
        + kept * backup
    )
    basis = f"{units / 1e6:.1f} million request units, {kept:.1f} GB"
    return CostLine(resource.address, "Cosmos DB, serverless", basis, monthly, by_use=True)


def log_workspace(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Gigabytes taken in, up to the daily quota, and kept for longer than is free."""
    table, usage = prices.log_analytics, prices.usage
    if resource.at("sku") not in (None, "PerGB2018"):
        return Unpriced(resource.address, f"no price for {resource.at('sku')}")
    taken = (
        usage.logged_gigabytes_a_month
        + usage.readings_a_day * _DAYS * usage.logged_kilobytes_a_reading / _KILOBYTES
    )
    quota = resource.at("daily_quota_gb")
    if isinstance(quota, int | float) and quota > 0:
        taken = min(taken, quota * _DAYS)
    days = resource.at("retention_in_days") or table.free_retention_days
    longer = max(days - table.free_retention_days, 0) / _DAYS
    monthly = max(taken - table.free_gigabytes, 0.0) * table.gigabyte
    monthly += taken * longer * table.retention_gigabyte_month
    basis = f"{taken:.1f} GB a month, kept {days} days"
    return CostLine(resource.address, "Log Analytics", basis, monthly, by_use=True)


def storage_account(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Gigabytes of blobs under their replication."""
    replication = str(resource.at("account_replication_type"))
    price = prices.storage.gigabyte_month.get(replication)
    if price is None:
        return Unpriced(resource.address, f"no price for {replication}")
    size = prices.storage.gigabytes
    return CostLine(resource.address, f"Storage {replication}", f"{size:g} GB", size * price, by_use=True)


def model_deployment(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Tokens of the contexts that the language model writes."""
    sku = resource.at("sku.0.name")
    if sku is not None and not str(sku).endswith("Standard"):
        return Unpriced(resource.address, f"no price for {sku}: the table knows tokens alone")
    model = str(resource.at("model.0.name"))
    tokens = prices.openai.million_tokens.get(model)
    if tokens is None:
        return Unpriced(resource.address, f"no price for the model {model}")
    usage = prices.usage
    texts = usage.contexts_a_day * _DAYS
    monthly = (
        texts * (usage.tokens_in_a_context * tokens.into + usage.tokens_out_a_context * tokens.out) / 1e6
    )
    return CostLine(resource.address, f"Model {model}", f"{texts:.0f} contexts", monthly, by_use=True)


def nat_gateway(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Its hours, and what goes out through it."""
    rule = next((one for one in prices.fixed if one.type == resource.type), None)
    if rule is None:
        return Unpriced(resource.address, f"the table does not know {resource.type}")
    line = fixed_line(resource, rule, prices)
    if isinstance(line, Unpriced):
        return line
    outbound = prices.usage.outbound_gigabytes
    basis = f"{line.basis}, {outbound:g} GB out"
    return replace(line, basis=basis, monthly=line.monthly + outbound * prices.nat.gigabyte)


def container_environment(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Nothing for the consumption profile; a dedicated one is paid for by its machines."""
    for number in range(20):
        kind = resource.at(f"workload_profile.{number}.workload_profile_type")
        if kind not in (None, "Consumption"):
            return Unpriced(resource.address, f"no price for the workload profile {kind}")
    return CostLine(resource.address, "Container Apps environment", "consumption", 0.0, by_use=True)


def _size_of(resource: Resource) -> tuple[float, float] | None:
    """Cores and gigabytes of a replica, all its containers together; None where they are not known yet."""
    cores, memory = 0.0, 0.0
    containers = resource.at("template.0.container")
    for number in range(len(containers) if isinstance(containers, list) else 1):
        part = f"template.0.container.{number}"
        core, size = resource.at(f"{part}.cpu"), resource.at(f"{part}.memory")
        if not isinstance(core, int | float) or not isinstance(size, str):
            return None
        cores, memory = cores + core, memory + float(size.removesuffix("Gi"))
    return cores, memory


BY_USE: Final[Mapping[str, Callable[[Resource, Prices], CostLine | Unpriced]]] = {
    "azurerm_container_app": container_app,
    "azurerm_container_app_environment": container_environment,
    "azurerm_function_app_flex_consumption": flex_function_app,
    "azurerm_cosmosdb_account": cosmos_account,
    "azurerm_nat_gateway": nat_gateway,
    "azurerm_log_analytics_workspace": log_workspace,
    "azurerm_storage_account": storage_account,
    "azurerm_cognitive_deployment": model_deployment,
}
