"""Where a state lives, which subscription is meant, and the file that Terraform is given."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from anomalyctl.azure.backend import (
    backend_configuration,
    backend_file,
    read_backend_file,
    state_account,
    write_backend_file,
)
from anomalyctl.azure.roles import assignment_name, missing_actions
from anomalyctl.azure.subscription import subscription_for
from anomalyctl.environments import StateSettings, load_environments
from anomalyctl.errors import InvalidInput, PreconditionFailed
from anomalyctl.project import Project

ONE = "44444444-4444-4444-8444-444444444444"
OTHER = "55555555-5555-4555-8555-555555555555"
HERE = {"ARM_SUBSCRIPTION_ID": ONE, "HOME": "/nonexistent"}


def written(folder: Path, text: str) -> Project:
    (folder / "terraform" / "environments").mkdir(parents=True)
    (folder / "terraform" / "environments" / "environments.toml").write_text(text)
    return Project(root=folder, state=folder / ".anomalyctl")


def test_environments_of_a_subscription_share_an_account_and_prod_does_not(dev):
    shared = state_account(dev, HERE)
    assert state_account(replace(dev, name="stage"), HERE) == shared
    own = state_account(replace(dev, name="prod", state=StateSettings(own_account=True)), HERE)
    assert own.name != shared.name
    assert own.resource_group != shared.resource_group
    assert state_account(dev, {"ARM_SUBSCRIPTION_ID": OTHER}).name != shared.name
    for account in (shared, own):
        assert account.name.isalnum()
        assert 3 <= len(account.name) <= 24


def test_a_workspaces_blob_is_named_as_the_backend_names_it(dev):
    account = state_account(dev, HERE)
    assert account.blob_of("default") == "anomaly-detection.tfstate"
    assert account.blob_of("dev") == "anomaly-detection.tfstateenv:dev"


def test_the_backend_signs_in_with_entra_and_holds_no_key(dev):
    assert set(backend_configuration(dev, HERE)) == {
        *("storage_account_name", "container_name", "key", "use_azuread_auth")
    }
    elsewhere = backend_configuration(replace(dev, tenant_id=OTHER), HERE)
    assert elsewhere["tenant_id"] == OTHER


def test_the_file_is_read_as_it_was_written_and_written_only_when_it_changes(dev, project):
    configuration = {"storage_account_name": "st1", "key": 'a "b" \\ c', "use_azuread_auth": "true"}
    assert write_backend_file(project, dev, configuration)
    assert read_backend_file(project, dev) == configuration
    assert not write_backend_file(project, dev, configuration)
    assert backend_file(project, dev).stat().st_mode & 0o777 == 0o600


def test_a_broken_file_names_the_command_that_mends_it(dev, project):
    backend_file(project, dev).parent.mkdir(parents=True)
    backend_file(project, dev).write_text("storage_account_name = st1\n")
    with pytest.raises(PreconditionFailed, match="is no argument") as raised:
        read_backend_file(project, dev)
    assert "anomalyctl state bootstrap --env dev" in raised.value.hint


def test_the_environments_own_subscription_wins_and_another_is_refused(dev):
    pinned = replace(dev, subscription_id=ONE)
    assert subscription_for(pinned, {}).origin == "environments.toml"
    assert subscription_for(pinned, {"ARM_SUBSCRIPTION_ID": ONE.upper()}).id == ONE
    with pytest.raises(PreconditionFailed, match="ARM_SUBSCRIPTION_ID is 5555"):
        subscription_for(pinned, {"ARM_SUBSCRIPTION_ID": OTHER})


def test_without_any_the_azure_clis_default_is_taken(dev, tmp_path):
    profile = {"subscriptions": [{"id": OTHER, "isDefault": False}, {"id": ONE, "isDefault": True}]}
    (tmp_path / "azureProfile.json").write_text(json.dumps(profile), encoding="utf-8-sig")
    found = subscription_for(dev, {"AZURE_CONFIG_DIR": str(tmp_path)})
    assert (found.id, found.origin) == (ONE, "the Azure CLI's default")
    (tmp_path / "azureProfile.json").write_text("[]")
    with pytest.raises(PreconditionFailed, match="No subscription is known for dev"):
        subscription_for(dev, {"AZURE_CONFIG_DIR": str(tmp_path)})


def test_the_list_of_environments_says_where_a_state_lives(tmp_path):
    where = 'state = { account = "st1", sku = "Standard_LRS" }'
    project = written(tmp_path, f'[environments.dev]\nkind = "azure"\nsubscription_id = "{ONE}"\n{where}\n')
    dev = load_environments(project)["dev"]
    assert dev.subscription_id == ONE
    assert (dev.state.account, dev.state.sku) == ("st1", "Standard_LRS")


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('subscription_id = "mine"', "environments.dev.subscription_id"),
        ('state = { account = "Not-A-Name" }', "environments.dev.state.account"),
        ('state = { acount = "st1" }', "environments.dev.state.acount"),
        ("state = { own_account = 1 }", "environments.dev.state.own_account"),
        ('sumary = "typed wrong"', "environments.dev.sumary"),
    ],
)
def test_a_wrong_line_in_the_list_is_named(tmp_path, line, field):
    with pytest.raises(InvalidInput) as raised:
        load_environments(written(tmp_path, f'[environments.dev]\nkind = "azure"\n{line}\n'))
    assert raised.value.field == field


def test_an_assignments_name_is_the_same_for_the_same_and_another_for_another():
    assert assignment_name("/A/b", ONE, "r") == assignment_name("/a/B", ONE.upper(), "r")
    assert assignment_name("/a", ONE, "r") != assignment_name("/a", OTHER, "r")


def test_what_one_permission_excludes_another_may_give():
    everything = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    action = "Microsoft.Authorization/roleAssignments/write"
    assert missing_actions([everything], [action, "Microsoft.Web/sites/write"]) == (action,)
    assert (
        missing_actions([everything, {"actions": ["microsoft.authorization/roleassignments/*"]}], [action])
        == ()
    )
