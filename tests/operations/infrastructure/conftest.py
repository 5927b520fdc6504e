"""Roots of a test's own, and the whole system over the stand-ins for Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.azure_stand_in.running import running_azure
from tests.support.azurite import Azurite, running_azurite
from tests.support.certificates import Certificates
from tests.support.terraform_tool import require_terraform
from tests.support.wrapped_root import WrappedRoot


@pytest.fixture(autouse=True, scope="session")
def terraform() -> None:
    """Without Terraform these tests have nothing to run."""
    require_terraform()


SMALL = """
variable "text" { default = "first" }
variable "password" {
  default   = "hunter2-hunter2"
  sensitive = true
}
resource "terraform_data" "a" { input = var.text }
resource "terraform_data" "b" {
  input            = var.password
  triggers_replace = [terraform_data.a.output]
}
resource "terraform_data" "kept" {
  input = "stays"
  lifecycle {
    prevent_destroy = true
  }
}
output "text" { value = var.text }
output "password" {
  value     = var.password
  sensitive = true
}
"""


@pytest.fixture
def small(tmp_path: Path) -> WrappedRoot:
    """A root with a local state: three resources, one of them protected."""
    return WrappedRoot(tmp_path / "root", SMALL)


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Blobs for the real `azurerm` backend, signed in with Entra's tokens."""
    folder = tmp_path_factory.mktemp("azurite")
    with running_azure(Certificates.made_in(folder)) as azure, running_azurite(folder, azure) as running:
        yield running
