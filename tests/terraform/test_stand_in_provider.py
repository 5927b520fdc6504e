"""The stand-in provider behaves as azurerm does where our tests and our wrapper rely on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.azurerm.mirror import StandIn
from tests.support.terraform_root import Root

Module = Callable[[str], Root]

VAULT = """
variable "vault_name" {
  default = "kv-wells"
}

variable "owner" {
  default = "operations"
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "this" {
  name     = "rg-wells"
  location = "swedencentral"
}

resource "azurerm_key_vault" "this" {
  name                       = var.vault_name
  location                   = azurerm_resource_group.this.location
  resource_group_name        = azurerm_resource_group.this.name
  sku_name                   = "standard"
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  rbac_authorization_enabled = true
  tags                       = { owner = var.owner }
}

resource "azurerm_key_vault_secret" "this" {
  name             = "REDIS-CONNECTION-STRING"
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = "written-and-not-kept"
  value_wo_version = 1
}

output "vault" {
  value = azurerm_key_vault.this.id
}
"""

TEAM_NETWORK = """
data "azurerm_virtual_network" "team" {
  name                = "vnet-team"
  resource_group_name = "rg-team"
}

output "id" {
  value = data.azurerm_virtual_network.team.id
}
"""


def test_a_plan_leaves_computed_values_unknown_and_given_ones_known(module: Module) -> None:
    changes = _changes(module(VAULT).plan())
    vault = changes["azurerm_key_vault.this"]
    assert vault["actions"] == ["create"]
    assert vault["after_unknown"]["id"] and vault["after_unknown"]["vault_uri"]
    assert vault["after"]["name"] == "kv-wells" and "name" not in vault["after_unknown"]


def test_what_was_applied_has_the_shape_of_azures_own_answers(module: Module, azure: StandIn) -> None:
    root = module(VAULT)
    root.run("apply", "-auto-approve")
    group = "/subscriptions/11111111-2222-4333-8444-555555555555/resourceGroups/rg-wells"
    vault = azure.cloud.find("azurerm_key_vault", f"{group}/providers/Microsoft.KeyVault/vaults/kv-wells")
    assert vault is not None and vault.state["vault_uri"] == "https://kv-wells.vault.azure.net/"
    secret = azure.cloud.resources("azurerm_key_vault_secret")[0]
    assert (
        secret.state["versionless_id"] == "https://kv-wells.vault.azure.net/secrets/REDIS-CONNECTION-STRING"
    )
    assert root.run("output", "-raw", "vault").stdout == vault.id


def test_the_second_plan_is_empty_and_destroy_leaves_nothing(module: Module, azure: StandIn) -> None:
    root = module(VAULT)
    root.run("apply", "-auto-approve")
    root.run("plan", "-detailed-exitcode")
    root.run("destroy", "-auto-approve")
    assert azure.cloud.resources() == [] and root.addresses() == []


def test_a_write_only_value_is_neither_in_the_plan_nor_in_the_state(module: Module) -> None:
    root = module(VAULT)
    root.run("apply", "-auto-approve")
    assert "written-and-not-kept" not in root.run("state", "pull").stdout
    assert "written-and-not-kept" not in root.run("show", "-json").stdout


def test_a_fixed_attribute_forces_a_replacement_and_another_does_not(module: Module) -> None:
    root = module(VAULT)
    root.run("apply", "-auto-approve")
    renamed = _changes(root.plan("-var=vault_name=kv-pumps"))["azurerm_key_vault.this"]
    assert renamed["actions"] == ["delete", "create"] and renamed["replace_paths"] == [["name"]]
    assert _changes(root.plan("-var=owner=lab"))["azurerm_key_vault.this"]["actions"] == ["update"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ('colour = "red"', 'An argument named "colour" is not expected here'),
        ('name = ["a"]', "Inappropriate value for attribute"),
        ("sku_name = null", "Missing required argument"),
        ('sku_name = "gold"', 'expected sku_name to be one of ["standard", "premium"], got gold'),
    ],
)
def test_what_the_schema_or_the_documentation_does_not_allow_is_refused(
    module: Module, wrong: str, complaint: str
) -> None:
    name = wrong.split()[0]
    kept = [line for line in VAULT.splitlines() if not line.strip().startswith(f"{name} ") or "rg-" in line]
    at = next(i for i, line in enumerate(kept) if '"azurerm_key_vault" "this"' in line) + 1
    told = module("\n".join([*kept[:at], wrong, *kept[at:]])).run("validate", "-json", expect=1)
    assert complaint in " ".join(f"{one['summary']} {one['detail']}" for one in told.json()["diagnostics"])


def test_without_a_subscription_the_provider_refuses_to_plan(module: Module) -> None:
    told = module(VAULT).run("plan", expect=1, set={"ARM_SUBSCRIPTION_ID": ""})
    assert "`subscription_id` is a required provider property" in told.stderr


def test_an_existing_resource_can_be_imported_and_then_shows_no_changes(
    module: Module, azure: StandIn
) -> None:
    root = module(VAULT)
    root.run("apply", "-auto-approve")
    vault = azure.cloud.resources("azurerm_key_vault")[0]
    root.run("state", "rm", "azurerm_key_vault.this")
    root.run("import", "azurerm_key_vault.this", vault.id)
    root.run("plan", "-detailed-exitcode")


def test_what_does_not_exist_cannot_be_imported(module: Module) -> None:
    nowhere = "/subscriptions/x/resourceGroups/none"
    told = module(VAULT).run("import", "azurerm_resource_group.this", nowhere, expect=1)
    assert "Cannot import non-existent remote object" in told.stderr


def test_an_existing_resource_is_found_by_a_data_source(module: Module, azure: StandIn) -> None:
    root = module(TEAM_NETWORK)
    root.run("apply", "-auto-approve")
    told = root.run("output", "-raw", "id").stdout
    assert told.endswith("/resourceGroups/rg-team/providers/Microsoft.Network/virtualNetworks/vnet-team")


def _changes(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["address"]: one["change"] for one in plan["resource_changes"]}
