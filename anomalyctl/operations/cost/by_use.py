"""What is paid for by use, under the assumptions of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from anomalyctl.operations.cost.lines import CostLine, Unpriced
from anomalyctl.operations.cost.price_table import Prices
from anomalyctl.operations.cost.resources import Resource

_DAYS: Final = 365 / 12
_SECONDS_A_MONTH: Final = 86_400 * _DAYS
_KILOBYTES: Final = 1_000_000
"""In a gigabyte."""


def container_app(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """The replicas that are always there: idle most of the time, computing for a share of it."""
    cores, memory = resource.at("template.0.container.0.cpu"), resource.at("template.0.container.0.memory")
    if not isinstance(cores, int | float) or not isinstance(memory, str):
        return Unpriced(resource.address, "cpu and memory known only after the apply")
    replicas = int(resource.at("template.0.min_replicas") or 0)
    table, busy = prices.container_apps, prices.usage.busy_share
    # A detector that scales to nothing still runs while it computes.
    running = _SECONDS_A_MONTH * (replicas or busy)
    active = _SECONDS_A_MONTH * busy
    idle = max(running - active, 0.0)
    active_cores = max(active * cores - table.free_cpu_seconds, 0.0)
    gigabytes = max(running * float(memory.removesuffix("Gi")) - table.free_gigabyte_seconds, 0.0)
    monthly = (
        active_cores * table.busy_cpu_second
        + idle * cores * table.idle_cpu_second
        + gigabytes * table.gigabyte_second
    )
    basis = f"{replicas} × {cores:g} cores and {memory}, busy {busy:.0%}"
    return CostLine(resource.address, "Container Apps, by the second", basis, monthly, by_use=True)


def flex_function_app(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Memory while the sweep runs, and each of its runs."""
    table = prices.flex_functions
    gigabytes = float(resource.at("instance_memory_in_mb") or 2048) / 1024
    runs = table.executions_a_day * _DAYS
    seconds = max(runs * table.seconds_an_execution * gigabytes - table.free_gigabyte_seconds, 0.0)
    monthly = seconds * table.gigabyte_second
    monthly += max(runs - table.free_executions, 0.0) / 1e6 * table.million_executions
    basis = f"{runs:.0f} runs with {gigabytes:g} GB"
    return CostLine(resource.address, "Functions, flex consumption", basis, monthly, by_use=True)


def cosmos_account(resource: Resource, prices: Prices) -> CostLine | Unpriced:
    """Request units and gigabytes of verdicts, kept for their days, and the backup of them."""
    table, usage = prices.cosmos_db, prices.usage
    units = usage.readings_a_day * _DAYS * usage.request_units_a_reading
    kept = usage.readings_a_day * usage.retention_days * usage.stored_kilobytes_a_reading / _KILOBYTES
    zones = table.zone_redundant_factor if resource.at("geo_location.0.zone_redundant") else 1.0
    backup = table.backup_gigabyte_month.get(str(resource.at("backup.0.tier")), 0.0)
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


BY_USE: Final[Mapping[str, Callable[[Resource, Prices], CostLine | Unpriced]]] = {
    "azurerm_container_app": container_app,
    "azurerm_function_app_flex_consumption": flex_function_app,
    "azurerm_cosmosdb_account": cosmos_account,
    "azurerm_log_analytics_workspace": log_workspace,
    "azurerm_storage_account": storage_account,
    "azurerm_cognitive_deployment": model_deployment,
}
