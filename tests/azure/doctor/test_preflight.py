"""What `deploy` looks at, and makes, before it plans anything."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from anomalyctl.azure.backend import backend_configuration, backend_file, write_backend_file
from anomalyctl.environments import environment_named
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.infrastructure.planning import PlanOptions
from anomalyctl.operations.infrastructure.preflight import make_ready
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.watching import Unwatched
from tests.support.azure_stand_in import subscription as site
from tests.support.azure_stand_in.entra import OPERATOR
from tests.support.azure_stand_in.subscription import put
from tests.support.azurerm.mirror import PROJECT


class Heard(Unwatched):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def prepare(azure, project, monkeypatch):
    """The preflight of dev, in a subscription where all is well and there is no state yet."""
    site.furnish(azure.paper)
    azure.paper.polls = 0
    (project.root / "terraform.tfvars").write_text(
        f'trusted_network_ranges = ["10.8.0.0/16"]\noperator_object_ids = ["{OPERATOR}"]\n'
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in {**kept, **azure.environ(ANOMALYCTL_PROJECT=str(project.root))}.items():
        monkeypatch.setenv(name, value)

    def run(options: PlanOptions | None = None) -> list[str]:
        heard = Heard()
        make_ready(Request("dev"), options or PlanOptions(), heard)
        return heard.warnings

    return run


@pytest.fixture
def written(project, prepare):
    """The backend's file as a plan before the first deploy leaves it; dev as the project declares it."""
    environment = environment_named(project, "dev")
    write_backend_file(project, environment, backend_configuration(environment, os.environ))
    return environment


def accounts(azure) -> list[str]:
    return [key for key in azure.paper.resources if key.split("/")[-2] == "storageaccounts"]


def test_a_state_without_a_home_gets_one(azure, prepare, project):
    prepare()
    assert len(accounts(azure)) == 1
    assert backend_file(project, environment_named(project, "dev")).is_file()


def test_a_backend_that_is_written_down_but_does_not_exist_is_made(azure, prepare, written):
    assert accounts(azure) == []
    prepare()
    assert len(accounts(azure)) == 1


def test_what_is_there_is_not_made_again(azure, prepare):
    prepare()
    azure.paper.requests.clear()
    prepare()
    assert azure.paper.writes() == []


def test_a_failed_check_stops_it_before_anything_is_changed(azure, prepare, written):
    put(azure.paper, site.PERMISSIONS)
    azure.paper.requests.clear()
    with pytest.raises(PreconditionFailed) as stopped:
        prepare()
    assert [check["name"] for check in stopped.value.details["checks"]] == ["roles"]
    assert "roles: may not" in stopped.value.message
    assert "az role assignment create" in stopped.value.hint
    assert azure.paper.writes() == []


def test_a_sign_in_that_is_refused_stops_it(azure, prepare, monkeypatch):
    monkeypatch.setenv("ARM_CLIENT_SECRET", "wrong")
    with pytest.raises(PreconditionFailed, match=r"sign-in: .*AADSTS7000215"):
        prepare()
    assert azure.paper.writes() == []


def test_warnings_are_shown_and_stop_nothing(azure, prepare, project):
    azure.paper.unregistered.add("Microsoft.App")
    warnings = prepare()
    assert any("az provider register --namespace Microsoft.App" in warning for warning in warnings)
    assert len(accounts(azure)) == 1


def test_a_backend_that_names_another_key_is_not_made_under_the_environments_name(
    azure, prepare, written, project
):
    wanted = backend_configuration(written, os.environ)
    write_backend_file(project, written, wanted | {"key": "another.tfstate"})
    with pytest.raises(PreconditionFailed, match="another home") as stopped:
        prepare()
    assert "state migrate" in stopped.value.hint
    assert azure.paper.writes() == []
    assert "another.tfstate" in backend_file(project, written).read_text()


def test_values_of_the_command_line_are_what_is_checked(azure, prepare, tmp_path):
    with pytest.raises(PreconditionFailed, match="language model: gpt-9"):
        prepare(PlanOptions(variables=("openai_model_name=gpt-9",)))
    file = tmp_path / "other.tfvars"
    file.write_text(f"openai_model_name = {json.dumps('gpt-8')}\n")
    with pytest.raises(PreconditionFailed, match="language model: gpt-8"):
        prepare(PlanOptions(variable_files=(file,)))
    assert azure.paper.writes() == []


def test_a_state_that_is_kept_elsewhere_is_left_to_terraform(azure, prepare, project):
    override = project.terraform / "environments" / "backend_override.tf"
    override.write_text('terraform {\n  backend "local" {}\n}\n')
    shutil.rmtree(project.state, ignore_errors=True)
    azure.paper.requests.clear()
    (told,) = prepare()
    assert told == (
        "Not checked beforehand, the state is kept by the backend local: sign-in, roles, names, quota, "
        "the state's home"
    )
    assert azure.paper.requests == []


def test_what_no_target_needs_is_not_looked_at(azure, prepare, project):
    copy_configuration(project)
    put(azure.paper, site.MODELS, site.offered("gpt-4o"))  # the language model would fail
    put(azure.paper, site.WEB_USAGES, site.usage("B1 VMs", 10, 10))  # and the App Service plan
    with pytest.raises(PreconditionFailed, match="language model"):
        prepare()
    prepare(PlanOptions(targets=('azurerm_storage_container.this["recordings"]',)))
    with pytest.raises(
        PreconditionFailed, match=r"dev cannot be deployed yet: quota: App Service B1"
    ) as stopped:
        prepare(PlanOptions(targets=("azurerm_service_plan.app",)))
    assert len(stopped.value.details["checks"]) == 1
    with pytest.raises(PreconditionFailed, match="language model"):
        prepare(
            PlanOptions(targets=("azurerm_storage_account.this", "azurerm_cognitive_deployment.contexts"))
        )
    with pytest.raises(PreconditionFailed, match="language model"):  # nobody knows what it needs
        prepare(PlanOptions(targets=("module.somewhere",)))


def copy_configuration(project) -> None:
    for path in (PROJECT / "terraform").glob("*.tf"):
        shutil.copy(path, project.terraform)
