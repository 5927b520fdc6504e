"""`anomalyctl cost` over the real Terraform and the stand-in provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.azurerm.mirror import install
from tests.support.terraform_tool import require_terraform
from tests.support.wrapped_root import WrappedRoot

HCL = """
terraform {
  required_providers {
    azurerm = { source = "hashicorp/azurerm" }
  }
}
provider "azurerm" {
  features {}
}
variable "size" { default = "B1" }
resource "azurerm_service_plan" "app" {
  name                = "asp-wells"
  resource_group_name = "rg-wells"
  location            = "eastus"
  os_type             = "Linux"
  sku_name            = var.size
}
resource "terraform_data" "note" { input = "one" }
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> tuple[WrappedRoot, dict[str, str]]:
    require_terraform()
    folder = tmp_path_factory.mktemp("cost")
    return WrappedRoot(folder / "root", HCL), install(folder / "azure").environment()


def test_cost_of_a_plan_of_what_is_deployed_and_of_a_change(root: tuple[WrappedRoot, dict[str, str]]):
    wells, azure = root
    where = ("--project", str(wells.folder), "--env", "dev")
    assert "dev is not deployed" in wells.error("cost", *where, expect=6, **azure)["message"]
    review = wells.document("plan", *where, **azure)
    planned = wells.document("cost", *where, "--plan", review["plan_id"], **azure)
    assert planned["kind"] == "estimate"
    assert planned["before"] == 0
    assert planned["difference"] == planned["estimate"]["monthly"] == pytest.approx(12.41)
    assert [one["address"] for one in planned["estimate"]["unpriced"]] == ["terraform_data.note"]
    empty = wells.error("cost", *where, expect=6, **azure)
    assert "holds nothing yet" in empty["message"]
    assert "anomalyctl plan --env dev" in empty["hint"]

    wells.document("apply", review["plan_id"], "--yes", *where, **azure)
    assert wells.document("cost", *where, **azure)["estimate"]["monthly"] == pytest.approx(12.41)
    larger = wells.document("plan", *where, "--var", "size=B2", **azure)
    changed = wells.document("cost", *where, "--plan", larger["plan_id"], **azure)
    assert changed["difference"] == pytest.approx(12.41)
    assert [one["address"] for one in changed["changes"]] == ["azurerm_service_plan.app"]

    shown = wells.run("cost", *where, **azure)
    assert shown.returncode == 0, shown.stderr
    assert "an estimate" in shown.stdout
    assert "List prices of eastus as of" in " ".join(shown.stdout.split())
    unknown = wells.error("cost", *where, "--plan", "nothing", expect=1, **azure)
    assert "There is no plan nothing" in unknown["message"]
    bad = wells.error("cost", *where, "--prices", str(Path("/nowhere.toml")), expect=64, **azure)
    assert "cannot be read" in bad["message"]
