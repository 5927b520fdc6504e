"""Each environment is applied, planned again without a change, and destroyed, on an Azure of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.azurerm.mirror import install
from tests.support.hcl_blocks import blocks
from tests.support.terraform_root import SOURCE, Root

ENVIRONMENTS = ["dev", "stage", "prod", "perf"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_applied_stays_as_it_is_and_is_destroyed(
    environment: str, terraform: None, tmp_path: Path
) -> None:
    azure = install(tmp_path / "azure")
    root = Root.copy_of(tmp_path, azure)
    root.init()
    variables = root.variables(environment)

    root.run("apply", "-auto-approve", *variables)
    groups = [one.name for one in azure.cloud.resources("azurerm_resource_group")]
    assert groups == [f"rg-anomaly-detection-{environment}"]
    managed = [address for address in root.addresses() if not address.startswith("data.")]
    assert len(managed) == len(azure.cloud.resources())

    root.run("plan", "-detailed-exitcode", *variables)

    root.lift_protection()
    root.run("destroy", "-auto-approve", "-refresh=false", *variables)
    assert root.addresses() == []
    assert azure.cloud.resources() == []


def test_nothing_is_destroyed_while_something_is_protected(terraform: None, tmp_path: Path) -> None:
    azure = install(tmp_path / "azure")
    root = Root.copy_of(tmp_path, azure)
    root.init()
    root.run("apply", "-auto-approve", *root.variables("dev"))
    there = azure.cloud.resources()
    refused = root.run("destroy", "-auto-approve", "-refresh=false", *root.variables("dev"), expect=1)
    assert "Instance cannot be destroyed" in refused.stderr
    assert azure.cloud.resources() == there


def test_what_holds_data_is_protected() -> None:
    stateful = {
        "azurerm_managed_redis",
        "azurerm_redis_cache",
        "azurerm_cosmosdb_account",
        "azurerm_cosmosdb_sql_database",
        "azurerm_cosmosdb_sql_container",
        "azurerm_key_vault",
        "azurerm_key_vault_key",
        "azurerm_storage_account",
        "azurerm_log_analytics_workspace",
    }
    for block in blocks(SOURCE, "resource"):
        if block.labels[0] in stateful:
            assert block.says(r"prevent_destroy\s*=\s*true"), f"{block.file}: {block.address}"
