"""What the tests of terraform/ ask for: Terraform itself, and copies of the module that are initialised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.azurerm.mirror import StandIn, install
from tests.support.terraform_root import REAL_PROVIDER, Root
from tests.support.terraform_tool import require_terraform


@pytest.fixture(scope="session")
def terraform() -> None:
    """Terraform itself; without it there is nothing to run, and the summary says so."""
    require_terraform()


@pytest.fixture(scope="session")
def initialised(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    """One initialised copy, for what only reads it; the provider is the real one where that is asked for."""
    folder = tmp_path_factory.mktemp("module")
    if REAL_PROVIDER:
        root = Root.copy_of(folder, None)
        root.init()
        yield root
        return
    azure = install(folder / "azure")
    root = Root.copy_of(folder, azure)
    root.init()
    with azure.staying() as environment:
        yield Root(root.folder, root.environment | environment)


@pytest.fixture
def azure(terraform: None, tmp_path: Path) -> StandIn:
    """An empty Azure of the test's own."""
    return install(tmp_path / "azure")


@pytest.fixture
def module(tmp_path: Path, azure: StandIn) -> Callable[[str], Root]:
    """Makes an initialised root module of the given HCL on the test's own Azure."""

    def make(hcl: str) -> Root:
        source = tmp_path / "source"
        source.mkdir()
        (source / "main.tf").write_text(_PROVIDER + hcl)
        root = Root.copy_of(tmp_path, azure, source)
        root.init()
        return root

    return make


_PROVIDER = """
terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.2"
    }
  }
}

provider "azurerm" {
  features {}
}
"""
