"""`anomalyctl cost` over the real Terraform and the stand-in provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.cost.environment_cost import require_of_here
from anomalyctl.provisioning.plans.kept import PlanShelf
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
    kept = wells.folder / ".anomalyctl"
    [file] = kept.rglob(f"{larger['plan_id']}.tfplan")
    by_path = wells.document("cost", *where, "--plan", str(file), **azure)
    assert (by_path["difference"], by_path["plan_is_old"]) == (changed["difference"], False)
    with pytest.raises(PreconditionFailed, match="was made for dev, and this is stage"):
        require_of_here(PlanShelf(file.parent).named(str(file)), "stage")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b" ")
    spoilt = wells.error("cost", *where, "--plan", str(file), expect=6, **azure)
    assert "was changed since it was made" in spoilt["message"]
    stranger = wells.folder / "stranger.tfplan"
    stranger.write_bytes(b"no plan at all")
    not_ours = wells.error("cost", *where, "--plan", str(stranger), expect=6, **azure)
    assert "stranger.tfplan" in not_ours["message"]
    unknown = wells.error("cost", *where, "--plan", "nothing", expect=1, **azure)
    assert "There is no plan nothing" in unknown["message"]
    bad = wells.error("cost", *where, "--prices", str(Path("/nowhere.toml")), expect=64, **azure)
    assert "cannot be read" in bad["message"]
