"""Moving a state into the real `azurerm` backend: from a file, from local, from another key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anomalyctl.azure.backend import read_backend_file
from anomalyctl.environments import environment_named
from anomalyctl.errors import Declined, NotFound, PreconditionFailed
from anomalyctl.operations.infrastructure.initialising import initialise
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.states import list_state
from anomalyctl.operations.state_backend import bootstrap_state_backend
from anomalyctl.operations.state_backend.migrate import migrate_state
from anomalyctl.project import Project
from tests.support.azurerm.mirror import PROJECT
from tests.support.azurite import ACCOUNT, running_azurite
from tests.support.terraform_root import Root, clean_environment

MAIN = 'resource "terraform_data" "kept" {\n  input = "kept"\n}\n'
DEV = Request("dev")


@pytest.fixture(scope="module")
def azurite(running_stand_in, tmp_path_factory):
    running_stand_in.begin_anew()
    with running_azurite(tmp_path_factory.mktemp("azurite"), running_stand_in) as azurite:
        yield azurite


@pytest.fixture
def project(tmp_path: Path, request, azure) -> Project:
    root = tmp_path / "project"
    (root / "terraform" / "environments").mkdir(parents=True)
    (root / "terraform" / "main.tf").write_text(MAIN)
    source = PROJECT / "terraform" / "environments" / "backend_override.tf"
    shutil.copy(source, root / "terraform" / "environments")
    name_key(root, f"{request.node.name}.tfstate")
    return Project(root=root, state=root / ".anomalyctl")


def name_key(root: Path, key: str) -> None:
    state = f'state = {{ account = "{ACCOUNT}", key = "{key}" }}'
    (root / "terraform" / "environments" / "environments.toml").write_text(
        f'[environments.dev]\nkind = "azure"\nprotected = false\n{state}\n'
    )


@pytest.fixture
def environ(azurite, project, monkeypatch):
    """The surroundings of a command; the same for operations that read them themselves."""
    environ = {**clean_environment(), **azurite.environ(ANOMALYCTL_PROJECT=str(project.root))}
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


@pytest.fixture
def migrate(environ):
    def run(source: Path | None = None, confirm=lambda _question: None):
        return migrate_state(DEV, source=source, environ=environ, confirm=confirm)

    return run


def applied_locally(folder: Path) -> Path:
    """A state that Terraform kept in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.tf").write_text(MAIN)
    root = Root(folder, clean_environment())
    root.run("init")
    root.run("apply", "-auto-approve")
    return folder / "terraform.tfstate"


def test_a_local_state_moves_into_the_storage_account_and_stays_where_it_was(migrate, project, tmp_path):
    local = applied_locally(tmp_path / "old")
    before = local.read_bytes()
    shutil.copy(local, project.terraform / "terraform.tfstate")
    questions: list[str] = []
    done = migrate(confirm=questions.append)
    assert done.changed
    assert done.resources == 1
    assert "1 resources" in questions[0]
    assert list_state(DEV).resources == ("terraform_data.kept",)
    assert (project.terraform / "terraform.tfstate").read_bytes() == before
    assert (project.state / "dev" / "backups" / f"{done.backup}.tfstate").read_bytes() == before


def test_the_second_time_it_is_there_already(migrate, tmp_path):
    local = applied_locally(tmp_path / "old")
    assert migrate(local).changed
    assert not migrate(local).changed


def test_the_command_ends_with_0_and_a_document(environ, tmp_path):
    local = applied_locally(tmp_path / "old")
    command = [sys.executable, "-m", "anomalyctl", "state", "migrate", str(local), "--env", "dev", "--yes"]
    moved, again = (
        subprocess.run(
            [*command, "--output", "json"],
            env=environ,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for _ in range(2)
    )
    assert (moved.returncode, again.returncode) == (0, 0), moved.stderr + again.stderr
    document = json.loads(moved.stdout)
    assert (document["changed"], document["resources"], document["source"]) == (True, 1, str(local))
    assert document["backup"]
    assert json.loads(again.stdout)["changed"] is False


def test_another_systems_state_is_not_written_over(migrate, tmp_path):
    migrate(applied_locally(tmp_path / "old"))
    with pytest.raises(PreconditionFailed, match="holds another state already"):
        migrate(applied_locally(tmp_path / "other"))


def test_a_newer_state_is_not_written_over_by_an_older_copy(migrate, tmp_path):
    local = applied_locally(tmp_path / "old")
    older = json.loads(local.read_text())
    newer = older | {"serial": older["serial"] + 7}
    (tmp_path / "newer.tfstate").write_text(json.dumps(newer))
    migrate(tmp_path / "newer.tfstate")
    (tmp_path / "older.tfstate").write_text(json.dumps(older | {"resources": []}))
    with pytest.raises(PreconditionFailed, match="newer state"):
        migrate(tmp_path / "older.tfstate")


def test_a_state_moves_from_the_account_that_was_written_down_to_the_one_that_is_named_now(
    migrate, project, tmp_path, request
):
    migrate(applied_locally(tmp_path / "old"))
    name_key(project.root, f"{request.node.name}-new.tfstate")
    done = migrate()
    assert done.source.endswith(f"{request.node.name}.tfstate")
    assert done.target.endswith("-new.tfstate")
    kept = read_backend_file(project, environment_named(project, "dev"))
    assert kept["key"] == f"{request.node.name}-new.tfstate"
    assert list_state(DEV).resources == ("terraform_data.kept",)


def test_a_declined_move_leaves_everything_as_it_was(migrate, project, tmp_path, request):
    migrate(applied_locally(tmp_path / "old"))
    name_key(project.root, f"{request.node.name}-new.tfstate")

    def no(_question: str) -> None:
        raise Declined("no")

    with pytest.raises(Declined):
        migrate(confirm=no)
    kept = read_backend_file(project, environment_named(project, "dev"))
    assert kept["key"] == f"{request.node.name}.tfstate"


def test_a_move_that_fails_keeps_the_backend_that_was_written_down(
    migrate, project, tmp_path, request, azurite
):
    migrate(applied_locally(tmp_path / "old"))
    name_key(project.root, f"{request.node.name}-new.tfstate")
    other = applied_locally(tmp_path / "other")
    migrate(other)
    name_key(project.root, f"{request.node.name}.tfstate")
    with pytest.raises(PreconditionFailed):
        migrate()
    kept = read_backend_file(project, environment_named(project, "dev"))
    assert kept["key"] == f"{request.node.name}-new.tfstate"


def test_nothing_to_move_is_said(migrate):
    with pytest.raises(NotFound, match="no state of dev to move"):
        migrate()


def test_a_file_that_holds_no_state_is_refused(migrate, tmp_path):
    (tmp_path / "empty").write_text("")
    with pytest.raises(PreconditionFailed, match="holds no state"):
        migrate(tmp_path / "empty")


def test_terraforms_own_migration_works_as_well(azurite, tmp_path, azure, request):
    folder = applied_locally(tmp_path / "old").parent
    (folder / "backend.tf").write_text('terraform {\n  backend "azurerm" {}\n}\n')
    root = Root(folder, clean_environment() | azurite.terraform_environ())
    arguments = azurite.backend(f"{request.node.name}.tfstate").items()
    root.run(
        "init",
        "-migrate-state",
        "-force-copy",
        *(f"-backend-config={name}={value}" for name, value in arguments),
    )
    assert root.addresses() == ["terraform_data.kept"]
    assert root.run("plan", "-detailed-exitcode").exit_code == 0


def test_what_a_bootstrap_makes_is_what_terraform_works_in(azure, project, environ):
    """Resource Manager is the stand-in; the blobs, their roles left aside, are Azurite's."""
    done = bootstrap_state_backend(
        environment_named(project, "dev"), project=project, environ=environ, sleep=lambda _: None
    )
    assert done.changed
    assert initialise(DEV).workspace == "dev"
    assert list_state(DEV).resources == ()
