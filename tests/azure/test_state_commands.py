"""`state bootstrap` and `state migrate` as a script calls them, against the stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.azure_stand_in.paper import Trouble

DECLARED = """
[environments.local]
kind = "local"
protected = false

[environments.dev]
kind = "azure"
protected = false
"""
EMPTY = {"version": 4, "serial": 3, "lineage": "one", "outputs": {}, "resources": []}


@pytest.fixture
def run(azure, project):
    """Run a command of `state` with nobody to ask; gives its exit code and its document or error."""
    folder = project.root / "terraform" / "environments"
    folder.mkdir(parents=True)
    (folder / "environments.toml").write_text(DECLARED)
    azure.paper.polls = 0

    def command(*arguments: str, **environ: str) -> tuple[int, Any]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        given = azure.environ(ANOMALYCTL_PROJECT=str(project.root), NO_COLOR="1", **environ)
        done = subprocess.run(
            [sys.executable, "-m", "anomalyctl", "state", *arguments, "--output", "json"],
            env=kept | given,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert given["ARM_CLIENT_SECRET"] not in done.stdout + done.stderr
        if done.stdout:
            return done.returncode, json.loads(done.stdout)
        return done.returncode, json.loads(done.stderr.splitlines()[-1])["error"]

    return command


def test_a_bootstrap_ends_with_0_and_a_document_and_the_second_changes_nothing(azure, run, project):
    code, made = run("bootstrap", "--env", "dev")
    assert code == 0, made
    assert (made["environment"], made["container"], made["changed"]) == ("dev", "tfstate", True)
    assert Path(made["backend_file"]) == project.state / "dev" / "backend.tfbackend"
    assert {change["done"] for change in made["changes"]} == {"created", "updated", "unchanged"}
    code, again = run("bootstrap", "--env", "dev")
    assert (code, again["changed"]) == (0, False)
    assert again["storage_account"] == made["storage_account"]


def test_a_bootstrap_that_azure_does_not_let_in_ends_with_4(run):
    code, error = run("bootstrap", "--env", "dev", ARM_CLIENT_SECRET="wrong")
    assert code == 4
    assert "AADSTS7000215" in error["message"]


def test_a_name_that_is_taken_ends_with_6(azure, run):
    azure.paper.troubles.append(Trouble(r"PUT .+/storageAccounts/\w+", 409, "StorageAccountAlreadyTaken"))
    code, error = run("bootstrap", "--env", "dev")
    assert code == 6
    assert "state.account" in error["hint"]


@pytest.mark.parametrize("command", ["bootstrap", "migrate"])
def test_local_and_unknown_environments_have_no_state_on_azure(azure, run, command):
    assert run(command)[0] == 6
    code, error = run(command, "--env", "nowhere")
    assert (code, error["code"]) == (6, "unknown_environment")
    assert azure.paper.requests == []


def test_a_migration_without_anything_to_move_ends_with_1_and_names_the_argument(run):
    code, error = run("migrate", "--env", "dev", "--yes")
    assert (code, error["code"]) == (1, "not_found")
    assert "anomalyctl state migrate FILE" in error["hint"]


def test_a_migration_with_nobody_to_ask_ends_with_3_and_names_the_flag(azure, run, project):
    file = project.root / "old.tfstate"
    file.write_text(json.dumps(EMPTY))
    code, error = run("migrate", str(file), "--env", "dev")
    assert (code, error["code"]) == (3, "declined")
    assert "--yes" in error["hint"]
    assert not (project.state / "dev" / "backend.tfbackend").exists()


def test_a_file_that_holds_no_state_ends_with_6_and_a_missing_one_with_1(run, project):
    (project.root / "empty").write_text("")
    assert run("migrate", str(project.root / "empty"), "--env", "dev", "--yes")[0] == 6
    assert run("migrate", str(project.root / "missing"), "--env", "dev", "--yes")[0] == 1
