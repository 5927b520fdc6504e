"""The examination of a machine."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from anomalyctl.operations import doctor
from anomalyctl.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(root=tmp_path, state=tmp_path / ".anomalyctl")


def outcome(project: Project, name: str) -> doctor.Check:
    return next(check for check in doctor.examine(project).checks if check.name == name)


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def program(folder: Path, name: str, printed: str, code: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{printed}'\nexit {code}\n")
    path.chmod(0o755)


def test_this_machine_can_run_the_environment_local(project):
    assert doctor.examine(project).healthy


def test_a_missing_terraform_is_a_warning_with_the_next_step(project, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    check = outcome(project, "terraform")
    assert (check.outcome, check.found) == ("warning", "not found")
    assert "1.11" in check.mend


def test_an_old_node_is_told_with_its_version(project, monkeypatch, tmp_path):
    program(tmp_path / "bin", "node", "v18.20.4")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    check = outcome(project, "node")
    assert check.outcome == "warning"
    assert "18.20.4" in check.found


def test_a_terraform_that_fails_counts_as_not_found(project, monkeypatch, tmp_path):
    program(tmp_path / "bin", "terraform", "Terraform v1.11.4", code=1)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert outcome(project, "terraform").found == "not found"


def test_a_full_disk_fails_with_what_is_left(project, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(10**9, 10**9, 1024**2))
    examination = doctor.examine(project)
    assert not examination.healthy
    assert outcome(project, "disk").outcome == "failed"


def test_a_file_where_our_folder_belongs_fails(project):
    project.state.write_text("")
    check = outcome(project, "state folder")
    assert (check.outcome, check.found) == ("failed", f"{project.state} is a file")
