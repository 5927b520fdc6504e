"""The system's infrastructure, whole: the real Terraform, the stand-in provider, the `azurerm` backend."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.backend import backend_file, write_backend_file
from anomalyctl.environments import environment_named
from anomalyctl.project import Project
from tests.support.azure_stand_in.subscription import ROOT, furnish, put
from tests.support.azurerm.mirror import StandIn, install
from tests.support.azurite import ACCOUNT, Azurite
from tests.support.terraform_root import SOURCE, clean_environment
from tests.support.wrapped_root import wait_until

REDIS = "azurerm_managed_redis.this[0]"


@dataclass
class System:
    """A project with our terraform/, an Azure of its own and a state in Azurite."""

    project: Project
    provider: StandIn
    azurite: Azurite

    def write_backend(self, environment: str, key: str) -> None:
        write_backend_file(
            self.project, environment_named(self.project, environment), self.azurite.backend(key)
        )

    def begin_without_a_backend(self, environment: str, container: str) -> list[str]:
        """As on the first day: no account, no container, nothing written down. What will be put is listed."""
        made: list[str] = []

        def follow(path: str) -> None:
            if "/roleAssignments/" not in path and "/locks/" not in path:
                made.append(path)
                if "/containers/" in path:
                    self.azurite.make_container(path.rsplit("/", 1)[1])

        self.azurite.azure.paper.put, self.azurite.azure.paper.polls = follow, 0
        backend_file(self.project, environment_named(self.project, environment)).unlink()
        declared = self.project.root / "terraform" / "environments" / "environments.toml"
        state = f'account = "{ACCOUNT}"'
        declared.write_text(declared.read_text().replace(state, f'{state}, container = "{container}"', 1))
        return made

    def environ(self) -> dict[str, str]:
        found = clean_environment() | self.provider.environment() | self.azurite.environ()
        for name in ("TF_INPUT", "TF_IN_AUTOMATION"):
            found.pop(name, None)
        return found | {"ANOMALYCTL_PROJECT": str(self.project.root), "NO_COLOR": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "anomalyctl", *arguments],
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *arguments: str, expect: int = 0) -> Any:
        """The JSON document of a command, or its error where it is to fail."""
        process = self.start(*arguments, "--output", "json")
        out, errors = process.communicate(timeout=200)
        assert process.returncode == expect, (
            f"{arguments}: {process.returncode}\n{out[-3000:]}\n{errors[-3000:]}"
        )
        return json.loads(out) if out else json.loads(errors.splitlines()[-1])["error"]

    def events(self) -> str:
        found = sorted(self.project.state.glob("runs/*/*-apply.jsonl"))
        return found[-1].read_text() if found else ""


@pytest.fixture
def system(tmp_path: Path, azurite: Azurite, request: pytest.FixtureRequest) -> System:
    root = tmp_path / "project"
    shutil.copytree(SOURCE, root / "terraform", ignore=shutil.ignore_patterns(".terraform*", "tests"))
    made = System(Project(root=root, state=root / ".anomalyctl"), install(tmp_path / "azure"), azurite)
    azurite.azure.begin_anew()
    furnish(azurite.azure.paper)
    declared = root / "terraform" / "environments" / "environments.toml"
    declared.write_text(
        "".join(
            f'[environments.{name}]\nkind = "azure"\nprotected = {protected}\n'
            f'state = {{ account = "{ACCOUNT}" }}\n'
            for name, protected in (("dev", "false"), ("prod", "true"))
        )
    )
    (root / "terraform.tfvars").write_text('trusted_network_ranges = ["10.8.0.0/16"]\n')
    for environment in ("dev", "prod"):
        made.write_backend(environment, f"{request.node.name}.tfstate")
    return made


def test_deploy_from_nothing_second_plan_and_destroy_of_the_whole_system(system: System):
    made = system.begin_without_a_backend("dev", container="from-nothing")
    deployed = system("deploy", "--env", "dev", "--yes")
    assert [path.rsplit("/", 1)[1] for path in made if "/containers/" in path] == ["from-nothing"]
    assert system.azurite.request("HEAD", "/from-nothing/anomaly-detection.tfstateenv:dev").status_code == 200
    assert deployed["outcome"] == "applied"
    assert len(deployed["applied"]["resources"]) == deployed["review"]["counts"]["create"] > 100
    outputs = {one["name"]: one["value"] for one in deployed["outputs"]}
    assert outputs["redis_connection_string"] == "(secret)"
    assert outputs["cosmos_db_endpoint"].startswith("https://")
    assert {one["answer"] for one in deployed["health"]} <= {"answers", "not published yet", "no answer"}

    # What is reached by name alone is nowhere here: each part says so, and the alerts' thresholds are known.
    status = system("status", "--env", "dev", expect=1)
    assert {part["health"] for part in status["parts"]} == {"no-way-in"}
    thresholds = {one["name"]: (one["operator"], one["threshold"]) for one in status["figures"]}
    assert thresholds["redis-memory"] == ("GreaterThan", 90)
    assert thresholds["dashboard-health"] == ("LessThan", 50)
    kept = json.loads((system.project.state / "dev" / "outputs.json").read_text())
    assert kept["mark"] and kept["serial"] == status["serial"]
    assert not [name for name in kept["outputs"] if name.endswith(("_key", "_connection_string"))]

    assert system("plan", "--env", "dev", "--detailed-exitcode")["has_changes"] is False
    assert system("drift", "--env", "dev")["drifted"] is False

    refused = system("destroy", "--env", "dev", "--yes", expect=3)
    assert "--confirm dev" in refused["hint"]
    first = system("destroy", "--env", "dev", "--confirm", "dev")
    assert "azurerm_cosmosdb_account.this" in first["staying"]
    kept = system("state", "list", "--env", "dev")["resources"]
    assert REDIS in kept
    assert not [one for one in kept if one.startswith("azurerm_container_app.")]

    destroyed = system("destroy", "--env", "dev", "--confirm", "dev", "--include-stateful")
    assert destroyed["left_over"] == destroyed["left_in_azure"] == []
    assert destroyed["not_looked_at"] == ""
    assert any("its name stays reserved" in sentence for sentence in destroyed["consequences"])
    assert system("state", "list", "--env", "dev")["resources"] == []
    assert not (system.project.root / "terraform" / "zz_unprotected_override.tf").exists()


def test_one_resource_that_fails_leaves_the_rest_done_and_deploy_resumes(system: System):
    system.provider.trouble(fail=[{"match": "azurerm_managed_redis", "error": "capacity"}])
    error = system("deploy", "--env", "dev", "--yes", expect=7)
    assert REDIS in error["details"]["failed"]
    assert "resumes" in error["hint"]
    system.provider.trouble()
    assert system("deploy", "--env", "dev", "--yes")["outcome"] == "applied"
    assert system("plan", "--env", "dev")["has_changes"] is False


def test_a_protected_environment_needs_a_fresh_destroy_plan_and_nothing_in_the_way(system: System):
    assert system("destroy", "--env", "prod", "--confirm", "prod", expect=6)["code"] == "not_deployed"
    identity = 'azurerm_user_assigned_identity.this["functions"]'
    system("deploy", "--env", "prod", "--yes", "--target", identity)  # and the group that it is in
    refused = system("destroy", "--env", "prod", "--confirm", "prod", expect=9)
    assert "--plan-only" in refused["hint"]
    paper = system.azurite.azure.paper
    group = f"{ROOT}/resourceGroups/rg-anomaly-detection-prod"
    orphan = f"{group}/providers/Microsoft.Insights/actionGroups/made-by-azure"
    put(paper, f"{group}/resources".lower(), {"id": orphan, "name": "made-by-azure"})
    whole = ("--env", "prod", "--include-stateful", "--plan-only")
    assert system("destroy", *whole, expect=9)["details"]["strangers"] == [orphan]
    lock = f"{ROOT}/providers/Microsoft.Authorization/locks/freeze"
    paper.resources[lock.lower()] = {"id": lock, "name": "freeze"}
    part = ("--env", "prod", "--target", identity)
    assert system("destroy", *part, "--plan-only", expect=9)["details"]["locks"] == [lock]
    del paper.resources[lock.lower()]
    system("destroy", *part, "--plan-only")
    gone = system("destroy", *part, "--confirm", "prod", "--plan", newest_plan(system, "prod"))
    assert (gone["left_over"], gone["left_in_azure"]) == ([], [orphan])
    put(paper, f"{group}/resources".lower())
    system("destroy", *whole)
    arguments = ("--confirm", "prod", "--include-stateful", "--plan", newest_plan(system, "prod"))
    gone = system("destroy", "--env", "prod", *arguments)
    assert (gone["left_over"], gone["left_in_azure"]) == ([], [])


def newest_plan(system: System, environment: str) -> str:
    return max((system.project.state / environment / "plans").glob("*.tfplan")).stem


def test_a_flag_that_somebody_switched_on_in_azure_stops_a_destruction_before_it_begins(system: System):
    container = 'azurerm_storage_container.this["recordings"]'
    system("deploy", "--env", "dev", "--yes", "--target", container)
    before = system("state", "list", "--env", "dev")["resources"]
    system.provider.trouble(drift=[{"match": "azurerm_storage_container", "set": {"has_legal_hold": True}}])
    refused = system("destroy", "--env", "dev", "--confirm", "dev", "--include-stateful", expect=9)
    assert refused["details"]["protection"] == {container: ["has_legal_hold"]}
    assert system("state", "list", "--env", "dev")["resources"] == before
    system.provider.trouble()
    assert system("destroy", "--env", "dev", "--confirm", "dev", "--include-stateful")["left_over"] == []


def test_terraform_and_its_wrapper_killed_together_leave_a_lease_that_is_stale_and_released(system: System):
    system("plan", "--env", "dev")
    system.provider.trouble(slow=[{"match": "azurerm_managed_redis", "seconds": 60}])
    process = system.start("apply", "--env", "dev", "--yes")
    wait_until(
        lambda: f'"{REDIS}"' in system.events() or REDIS.replace('"', "") in system.events(), "Redis to begin"
    )
    status = max(system.project.state.glob("runs/*/*-apply.status.json"))
    terraform = json.loads(status.read_text())["pid"]
    guardian = int(Path(f"/proc/{terraform}/stat").read_text().rsplit(")", 1)[1].split()[1])
    for pid in (process.pid, guardian, terraform):  # the platform ends everything at once
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    system.provider.trouble()

    refused = system("plan", "--env", "dev", expect=5)
    assert "stale" in refused["message"]
    assert refused["details"]["lock"]["lock"]["who"]
    unlocked = system("state", "unlock", "--env", "dev", "--yes")
    assert unlocked["released"] is True
    assert unlocked["lock"]["liveness"] == "stale"
    assert system("runs", "list", "--env", "dev")[2]["outcome"] == "died"


def test_a_lease_that_names_nobody_is_explained_and_broken_after_the_name_was_typed(
    system: System, request: pytest.FixtureRequest
):
    system("deploy", "--env", "dev", "--yes", "--target", "azurerm_resource_group.this")
    blob = f"/tfstate/{request.node.name}.tfstateenv:dev?comp=lease"
    taken = {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"}
    assert system.azurite.request("PUT", blob, headers=taken).status_code == 201  # and died before the rest
    refused = system("plan", "--env", "dev", expect=5)
    assert refused["details"]["lock"]["lock"]["metadata_missing"] is True
    assert "state unlock" in refused["hint"]
    told = system("state", "unlock", "--env", "dev", "--yes", expect=5)
    assert "--force" in told["hint"]
    declined = system("state", "unlock", "--env", "dev", "--yes", "--force", expect=3)
    assert "--confirm dev" in declined["hint"]
    system("state", "unlock", "--env", "dev", "--force", "--confirm", "prod", expect=3)
    assert system("plan", "--env", "dev", expect=5)["code"] == "locked"
    unlocked = system("state", "unlock", "--env", "dev", "--force", "--confirm", "dev")
    assert unlocked["released"] is True
    target = ("--target", "azurerm_resource_group.this")
    assert system("plan", "--env", "dev", *target)["has_changes"] is False
