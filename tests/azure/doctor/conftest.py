"""An environment whose subscription has everything that it needs, and a look at it."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anomalyctl.operations.doctor.azure import examine_azure
from anomalyctl.operations.state_backend import bootstrap_state_backend
from anomalyctl.project import Project
from tests.support.azure_stand_in import subscription as site
from tests.support.azure_stand_in.entra import OPERATOR
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID
from tests.support.azurerm.mirror import PROJECT
from tests.support.terraform_tool import require_terraform


@pytest.fixture(autouse=True)
def terraform() -> None:
    """The names and values that are examined are those that Terraform gives."""
    require_terraform()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The declarations and values of our own module, and a state folder of the test's."""
    source, copy = PROJECT / "terraform", tmp_path / "terraform"
    copy.mkdir()
    for path in [*source.glob("variables*.tf"), source / "main.tf"]:
        shutil.copy(path, copy)
    shutil.copytree(source / "environments", copy / "environments")
    return Project(root=tmp_path, state=tmp_path / ".anomalyctl")


@pytest.fixture
def dev(dev):
    return replace(dev, subscription_id=SUBSCRIPTION_ID)


@pytest.fixture
def furnished(azure, dev, project):
    """A subscription where all is well, the state bootstrapped, a range trusted."""
    site.furnish(azure.paper)
    (project.root / "terraform.tfvars").write_text(
        f'trusted_network_ranges = ["10.8.0.0/16"]\noperator_object_ids = ["{OPERATOR}"]\n'
    )
    bootstrap_state_backend(dev, project=project, environ=azure.environ(), sleep=lambda _: None)
    azure.paper.requests.clear()
    return azure


@pytest.fixture
def look(furnished, dev, project):
    def examine(environment=dev, **environ):
        kept = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        return examine_azure(
            project,
            environment,
            environ=furnished.environ(**kept, **environ),
            clock=lambda: datetime.now(UTC),
            sleep=lambda _: None,
        )

    return examine
