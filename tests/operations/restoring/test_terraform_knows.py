"""Terraform itself, told of a restored account: the plans that follow are empty, here and elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.deployed import deployed
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.operations.restoring.terraform_knows import addresses_of, put_in_place, wanted_of
from tests.support.azurerm.cloud import Resource
from tests.support.azurerm.mirror import StandIn, install
from tests.support.terraform_root import SOURCE, clean_environment
from tests.support.terraform_tool import require_terraform

LISTED = '[environments.dev]\nkind = "azure"\nprotected = false\n'
DOOR = 'azurerm_private_endpoint.this["cosmos-db"]'
ACCOUNT = "azurerm_cosmosdb_account.this"
# The parts that belong to the account, as terraform/ has them.
SMALL = """
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm", version = "~> 5.2" }
  }
}
provider "azurerm" {
  features {}
}
locals {
  name    = coalesce(var.cosmosdb_account_name, "cosno-wells-dev-1a2b")
  network = "${azurerm_resource_group.this.id}/providers/Microsoft.Network/virtualNetworks/vnet-wells-dev"
  door    = var.cosmosdb_account_name == null ? "" : "-${regex("r[0-9a-f]{4}$", var.cosmosdb_account_name)}"
}
resource "azurerm_resource_group" "this" {
  name     = "rg-wells-dev"
  location = "eastus"
}
resource "azurerm_cosmosdb_account" "this" {
  name                = local.name
  location            = "eastus"
  resource_group_name = azurerm_resource_group.this.name
  offer_type          = "Standard"
  consistency_policy { consistency_level = "Session" }
  geo_location {
    location          = "eastus"
    failover_priority = 0
  }
  backup {
    type = "Continuous"
    tier = "Continuous30Days"
  }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [create_mode, restore]
  }
}
resource "azurerm_cosmosdb_sql_database" "this" {
  name                = "anomaly-detection"
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
}
resource "azurerm_cosmosdb_sql_container" "this" {
  for_each            = toset(["anomaly_results", "leases"])
  name                = each.key
  resource_group_name = azurerm_resource_group.this.name
  account_name        = azurerm_cosmosdb_account.this.name
  database_name       = azurerm_cosmosdb_sql_database.this.name
  partition_key_paths = ["/id"]
}
resource "azurerm_private_endpoint" "this" {
  for_each            = { cosmos-db = azurerm_cosmosdb_account.this.id }
  name                = "pep-${each.key}${local.door}-wells-dev"
  location            = "eastus"
  resource_group_name = azurerm_resource_group.this.name
  subnet_id           = "${local.network}/subnets/private-endpoints"
  private_service_connection {
    name                           = "psc"
    private_connection_resource_id = each.value
    subresource_names              = ["Sql"]
    is_manual_connection           = false
  }
}
output "cosmos_db_endpoint" { value = azurerm_cosmosdb_account.this.endpoint }
output "cosmos_db_account_name" { value = azurerm_cosmosdb_account.this.name }
"""


@dataclass
class Small:
    """A project of these parts alone, deployed."""

    root: Path
    provider: StandIn

    @property
    def environ(self) -> dict[str, str]:
        found = clean_environment() | self.provider.environment()
        return found | {"ANOMALYCTL_PROJECT": str(self.root), "NO_COLOR": "1"}

    def __call__(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "anomalyctl", *arguments, "--env", "dev", "--output", "json"],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return json.loads(done.stdout)

    def changes(self) -> list[str]:
        return [one["address"] for one in self("plan")["plan"]["changes"]]

    def restored(self, restore: Restore, leave_out: str = "") -> None:
        """What Azure has after the restore: each part once more."""
        doors = [door.rpartition("/")[2] for door in (restore.old_door, restore.new_door)]
        for one in self.provider.cloud.resources():
            text = json.dumps([one.id, one.state])
            if restore.new_name in text or restore.old_name not in text or (leave_out and leave_out in text):
                continue
            text = text.replace(restore.old_name, restore.new_name).replace(*doors)
            identity, state = json.loads(text)
            if one.type == "azurerm_cosmosdb_account":
                source = "/subscriptions/x/providers/Microsoft.DocumentDB/locations/eastus/restorable/y"
                at = {"source_cosmosdb_account_id": source, "restore_timestamp_in_utc": restore.at}
                state["create_mode"] = "Restore"
                state["restore"] = [{**at, "tables_to_restore": [], "database": [], "gremlin_database": []}]
            self.provider.cloud.put(Resource(one.type, identity, state))

    def tell(self, restore: Restore) -> str:
        with stage("restore", Request("dev"), environ=self.environ) as prepared:
            return put_in_place(prepared, restore.new_name, wanted_of(restore))


@pytest.fixture
def small(tmp_path: Path) -> Small:
    require_terraform()
    root = tmp_path / "project"
    (root / "terraform" / "environments").mkdir(parents=True)
    (root / "terraform" / "environments" / "environments.toml").write_text(LISTED)
    (root / "terraform" / "main.tf").write_text(SMALL)
    variables = (SOURCE / "variables-cosmos-db.tf").read_text()
    name = variables[variables.index('variable "cosmosdb_account_name"') :]
    (root / "terraform" / "variables.tf").write_text(name)
    made = Small(root, install(tmp_path / "azure"))
    made("plan")
    made("apply", "--yes")
    return made


def restore_of(small: Small) -> Restore:
    where = deployed("dev", environ=small.environ)
    old = where.ids[ACCOUNT]
    return Restore(
        run="R",
        at="2026-11-20T09:30:00Z",
        source="S",
        old_id=old,
        new_id=f"{old}-r3c4d",
        old_door=where.ids[DOOR],
        addresses=addresses_of(where.ids, old, where.ids[DOOR]),
    )


def test_the_next_plan_is_empty_here_and_elsewhere_though_it_was_cut_off(small: Small):
    restore = restore_of(small)
    assert len(restore.addresses) == 5
    small.restored(restore, leave_out="leases")
    with pytest.raises(AnomalyctlError):
        small.tell(restore)
    small.restored(restore)
    backup = small.tell(restore)
    assert [one for one in (small.root / ".anomalyctl" / "dev" / "backups").iterdir() if backup in one.name]
    assert small.changes() == []

    # The outputs in the state are still those of the last apply; who asks hears of what serves.
    where = deployed("dev", environ=small.environ, refresh=True)
    assert where.text("cosmos_db_account_name") == restore.new_name
    assert restore.new_name in where.text("cosmos_db_endpoint")

    # Another machine has the state and nothing of ours.
    (small.root / ".anomalyctl" / "dev" / "published.tfvars.json").unlink()
    shutil.rmtree(small.root / ".anomalyctl" / "dev" / "plans")
    assert small.changes() == []
