"""Which environments the commands of the life cycle reach."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from anomalyctl.environments import Environment
from anomalyctl.errors import PreconditionFailed, UnknownEnvironment
from anomalyctl.operations.environment import local_folder, require_local


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    environments = tmp_path / "terraform" / "environments"
    environments.mkdir(parents=True)
    (environments / "environments.toml").write_text(
        '[environments.local]\nkind = "local"\nprotected = false\n'
    )
    monkeypatch.setenv("ANOMALYCTL_PROJECT", str(tmp_path))
    return tmp_path


def test_an_azure_environment_is_refused_with_the_verb_and_its_name() -> None:
    azure = Environment(name="dev", kind="azure", protected=True, summary="")
    with pytest.raises(PreconditionFailed, match="`anomalyctl drill` is for this machine; dev is an Azure"):
        require_local(azure, "drill")


def test_the_local_folder_is_the_projects(project: Path) -> None:
    found, folder = local_folder("local", "deploy")
    assert found.root == project
    assert folder.root == project / ".anomalyctl" / "local"
    assert not folder.root.exists(), "looking must not create anything"


def test_an_unknown_environment_is_refused(project: Path) -> None:
    with pytest.raises(UnknownEnvironment):
        local_folder("lokal", "deploy")


def test_this_machine_is_never_asked_through_a_proxy(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("no_proxy", "intranet")
    local_folder("local", "deploy")
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "intranet,127.0.0.1,localhost"
    local_folder("local", "deploy")
    assert os.environ["NO_PROXY"] == "intranet,127.0.0.1,localhost"
