"""`doctor` for an Azure environment, against the stand-in over HTTPS."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from anomalyctl.operations.doctor.azure import examine_azure
from tests.support.azure_stand_in import subscription as site
from tests.support.azure_stand_in.entra import OPERATOR
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.subscription import put, told
from tests.support.azurerm.mirror import PROJECT


def test_where_all_is_well_every_check_says_so_and_nothing_is_written(furnished, look):
    examination = look()
    assert {check.name: check.outcome for check in examination.checks} == {
        check.name: "ok" for check in examination.checks
    }, examination
    assert examination.healthy
    assert len(examination.checks) == 17
    assert furnished.paper.writes() == []


def test_the_checks_run_side_by_side(furnished, look):
    furnished.paper.delay_s = 0.05
    look()
    assert furnished.paper.most_at_once >= 10


def test_a_refused_sign_in_is_told_once_and_what_hangs_on_it_is_not_looked_at(look):
    examination = look(ARM_CLIENT_SECRET="wrong")
    failed = [check.name for check in examination.checks if check.outcome == "failed"]
    assert failed == ["sign-in"]
    assert "AADSTS7000215" in told(examination, "sign-in").found
    assert told(examination, "roles").found == "not looked at: nobody is signed in"
    assert told(examination, "terraform").outcome == "ok"


def test_another_subscription_ends_the_examination_with_the_next_step(look):
    examination = look(ARM_SUBSCRIPTION_ID="99999999-9999-4999-8999-999999999999")
    assert not examination.healthy
    check = told(examination, "subscription")
    assert "belongs to subscription" in check.found
    assert "Unset ARM_SUBSCRIPTION_ID" in check.mend


def test_a_sign_in_whose_variables_are_not_complete_names_the_missing_one(look):
    check = told(look(ARM_CLIENT_ID=""), "sign-in")
    assert check.outcome == "failed"
    assert "ARM_CLIENT_ID is not set" in check.found


def test_an_environment_that_names_no_subscription_is_warned_of(look, dev):
    check = told(look(replace(dev, subscription_id="")), "subscription")
    assert check.outcome == "warning"
    assert "[environments.dev]" in check.mend


def test_a_subscription_that_is_not_seen_fails(furnished, look):
    furnished.paper.denied.append(rf"GET {site.ROOT}")
    assert "sees no subscription" in told(look(), "subscription").found


def test_a_token_that_cannot_be_renewed_and_ends_before_redis_is_made_is_warned_of(furnished, project, dev):
    from anomalyctl.operations.doctor import identity

    class Site:
        principal = staticmethod(
            lambda: type("P", (), {"name": "kari", "expires_at": datetime(2026, 11, 21, 10, 30, tzinfo=UTC)})
        )
        now = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
        session = type("S", (), {"signed_in": type("W", (), {"way": "OIDC", "renewable": False})})

    check = identity.sign_in(Site())
    assert (check.outcome, "ends in 30 min" in check.found) == ("warning", True)
    Site.now = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
    assert identity.sign_in(Site()).outcome == "failed"


def test_missing_roles_are_named_with_the_command_for_an_owner(furnished, look):
    put(
        furnished.paper,
        site.PERMISSIONS,
        {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]},
    )
    check = told(look(), "roles")
    assert check.outcome == "failed"
    assert check.found == "may not: Microsoft.Authorization/roleAssignments/write"
    assert f"--assignee {OPERATOR} --role 'Role Based Access Control Administrator'" in check.mend
    assert "Contributor" not in check.mend


def test_an_unregistered_provider_is_named_with_its_command(furnished, look):
    furnished.paper.unregistered.add("Microsoft.App")
    check = told(look(), "resource providers")
    assert check.outcome == "warning"
    assert check.mend == "az provider register --namespace Microsoft.App --wait"


def test_a_state_that_was_never_bootstrapped_names_the_command(azure, dev, project, furnished):
    azure.paper.resources.clear()
    examination = examine_azure(
        project,
        dev,
        environ=azure.environ(PATH=os.environ["PATH"], HOME=os.environ["HOME"]),
        sleep=lambda _: None,
    )
    check = told(examination, "state backend")
    assert (check.outcome, check.mend) == ("failed", "anomalyctl state bootstrap --env dev")


def test_a_missing_role_on_the_state_and_a_firewall_are_told_apart(furnished, look):
    furnished.paper.probes_before_role = 10**6
    check = told(look(), "state backend")
    assert "Storage Blob Data Contributor" in check.mend
    furnished.paper.probes_before_role = 0
    furnished.paper.troubles.append(Trouble(r"BLOB .+", 403, "AuthorizationFailure", times=99))
    assert "from this network" in told(look(), "state backend").found


@pytest.mark.parametrize("with_metadata", [True, False])
def test_a_lock_is_told_with_its_holder(furnished, look, with_metadata):
    holder = {
        "ID": "1",
        "Who": "ola@rig",
        "Operation": "OperationTypeApply",
        "Created": "2026-11-20T10:00:00.123456789Z",
    }
    account = next(
        key.split("/")[-1] for key in furnished.paper.resources if key.split("/")[-2] == "storageaccounts"
    )
    headers = {"x-ms-lease-state": "leased"}
    if with_metadata:
        headers["x-ms-meta-terraformlockid"] = base64.b64encode(json.dumps(holder).encode()).decode()
    furnished.paper.blobs[f"{account}/tfstate/anomaly-detection.tfstateenv:dev"] = headers
    check = told(look(), "state lock")
    assert check.outcome == "warning"
    if with_metadata:
        assert check.found == "held by ola@rig since 2026-11-20 10:00 UTC for OperationTypeApply"
        assert check.mend == "anomalyctl state unlock --env dev"
    else:
        assert "nothing says by whom" in check.found


def test_a_private_environment_that_trusts_no_range_is_warned_of(look, project):
    (project.root / "terraform.tfvars").unlink()
    check = told(look(), "operators' way in")
    assert check.outcome == "warning"
    assert "trusted_network_ranges" in check.mend


def test_a_value_that_terraform_refuses_is_told_in_its_words(look, project):
    (project.root / "terraform.tfvars").write_text('project_name = "Anomaly"\n')
    examination = look()
    check = told(examination, "variables")
    assert check.outcome == "failed"
    assert "project_name must be lower-case" in check.found


def test_a_terraform_that_does_not_fit_fails_with_the_constraint(look, project):
    main = project.terraform / "main.tf"
    main.write_text(main.read_text().replace('required_version = ">= 1.11"', 'required_version = ">= 99.0"'))
    check = told(look(), "terraform")
    assert check.outcome == "failed"
    assert ">= 99.0" in check.found


def test_the_command_ends_with_6_where_something_needed_failed(furnished, project, dev):
    command = [sys.executable, "-m", "anomalyctl", "doctor", "--env", "dev", "--output", "json"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project.root),
        "ANOMALYCTL_PROJECT": str(project.root),
    }
    furnished.paper.unregistered.add("Microsoft.App")
    ran = subprocess.run(
        command,
        env=environment | furnished.environ(),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    document = json.loads(ran.stdout)
    assert (ran.returncode, document["healthy"]) == (0, True), ran.stdout + ran.stderr
    put(furnished.paper, site.PERMISSIONS)
    ran = subprocess.run(
        command,
        env=environment | furnished.environ(),
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert ran.returncode == 6
    assert json.loads(ran.stdout)["healthy"] is False
    assert furnished.environ()["ARM_CLIENT_SECRET"] not in ran.stdout + ran.stderr
