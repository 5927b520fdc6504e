"""`state bootstrap` over HTTPS against the stand-in, signed in with the real azure-identity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from anomalyctl.azure.backend import read_backend_file
from anomalyctl.environments import StateSettings
from anomalyctl.errors import PreconditionFailed, SignInFailed, TimedOut, Transient
from anomalyctl.operations.state_backend import bootstrap_state_backend
from tests.support.azure_stand_in.entra import OPERATOR
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Trouble

ACCOUNT_PUT = r"PUT .+/storageAccounts/\w+"


@pytest.fixture
def bootstrap(azure, dev, project, fake_time):
    def run(environment=dev, **environ):
        return bootstrap_state_backend(
            environment,
            project=project,
            environ=azure.environ(**environ),
            sleep=fake_time.sleep,
            clock=fake_time.clock,
            correlation_id="55555555-5555-4555-8555-555555555555",
        )

    return run


def kept(azure, ending):
    return next(document for key, document in azure.paper.resources.items() if key.endswith(ending.lower()))


def test_a_first_run_makes_everything_and_writes_the_file(azure, bootstrap, dev, project):
    done = bootstrap()
    assert done.changed
    assert [change.done for change in done.changes] == [
        *("unchanged", "created", "created", "updated", "created", "created", "created", "updated")
    ]
    properties = kept(azure, f"/storageAccounts/{done.storage_account}")["properties"]
    assert properties["minimumTlsVersion"] == "TLS1_2"
    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    blobs = kept(azure, "/blobServices/default")["properties"]
    assert blobs["isVersioningEnabled"] is True
    assert blobs["deleteRetentionPolicy"] == {"enabled": True, "days": 30}
    assert blobs["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 30}
    assert kept(azure, "/containers/tfstate")["properties"]["publicAccess"] == "None"
    assert kept(azure, "/locks/anomalyctl-state")["properties"]["level"] == "CanNotDelete"
    assert read_backend_file(project, dev) == {
        "storage_account_name": done.storage_account,
        "container_name": "tfstate",
        "key": "anomaly-detection.tfstate",
        "use_azuread_auth": "true",
    }
    assert done.backend_file.stat().st_mode & 0o777 == 0o600


def test_the_role_goes_to_who_is_signed_in_on_the_container_alone(azure, bootstrap):
    bootstrap()
    key, assignment = next(
        (key, document) for key, document in azure.paper.resources.items() if "/roleassignments/" in key
    )
    assert "/containers/tfstate/providers/microsoft.authorization/" in key
    assert assignment["properties"]["principalId"] == OPERATOR
    assert assignment["properties"]["principalType"] == "ServicePrincipal"
    assert assignment["properties"]["roleDefinitionId"].endswith("ba92f5b4-2d11-453d-a403-e96b0029c9fe")


def test_a_second_run_changes_nothing_and_says_so(azure, bootstrap):
    bootstrap()
    azure.paper.requests.clear()
    done = bootstrap()
    assert not done.changed
    assert {change.done for change in done.changes} == {"unchanged"}
    assert azure.paper.writes() == []
    assert done.waited_s == 0


def test_an_interrupted_run_is_resumed_where_it_was(azure, bootstrap):
    azure.paper.troubles.append(Trouble(r"PUT .+/containers/tfstate", 400, "InternalMaintenance", times=1))
    with pytest.raises(Exception, match="told to fail"):
        bootstrap()
    done = bootstrap()
    assert [change.done for change in done.changes][:5] == [*["unchanged"] * 4, "created"]


def test_what_an_administrator_loosened_is_mended_and_what_was_tightened_stays(azure, bootstrap):
    account = bootstrap().storage_account
    properties = kept(azure, f"/storageAccounts/{account}")["properties"]
    properties.update(allowSharedKeyAccess=True, minimumTlsVersion="TLS1_3")
    kept(azure, "/blobServices/default")["properties"]["deleteRetentionPolicy"] = {
        "enabled": True,
        "days": 90,
    }
    done = bootstrap()
    assert [change.what for change in done.changes if change.done != "unchanged"] == [
        f"storage account {account}"
    ]
    properties = kept(azure, f"/storageAccounts/{account}")["properties"]
    assert (properties["allowSharedKeyAccess"], properties["minimumTlsVersion"]) == (False, "TLS1_3")
    retention = kept(azure, "/blobServices/default")["properties"]["deleteRetentionPolicy"]
    assert retention == {"enabled": True, "days": 90}


def test_a_role_that_arrives_late_is_waited_for_without_real_time(azure, bootstrap, fake_time):
    azure.paper.probes_before_role = 6
    done = bootstrap()
    assert done.waited_s >= 6 * 2
    assert azure.paper.probes_before_role == 0


def test_a_role_that_never_arrives_ends_as_a_time_out_and_the_next_run_goes_on(azure, bootstrap):
    azure.paper.probes_before_role = 10**6
    with pytest.raises(TimedOut, match="has not reached") as raised:
        bootstrap()
    assert "again" in raised.value.hint
    azure.paper.probes_before_role = 0
    assert [change.what for change in bootstrap().changes if change.done != "unchanged"] == [
        "the backend's file"
    ]


def test_an_account_that_does_not_answer_at_first_is_waited_for(azure, bootstrap):
    azure.paper.troubles.append(Trouble(r"BLOB .+", 503, "ServerBusy", times=12))
    assert bootstrap().waited_s > 12


def test_a_firewall_is_no_reason_to_wait(azure, bootstrap, fake_time):
    bootstrap()
    fake_time.slept.clear()
    azure.paper.troubles.append(Trouble(r"BLOB GET .+", 403, "AuthorizationFailure", times=99))
    with pytest.raises(PreconditionFailed, match="from this network"):
        bootstrap()
    assert fake_time.slept == []


def test_polling_waits_as_long_as_azure_says(azure, bootstrap, fake_time):
    bootstrap()
    assert fake_time.slept == [17.0]


def test_being_throttled_is_waited_out_for_the_time_that_azure_names(azure, bootstrap, fake_time):
    azure.paper.troubles.append(Trouble(ACCOUNT_PUT, 429, "TooManyRequests", headers={"Retry-After": "23"}))
    assert bootstrap().changed
    assert any(23 <= pause <= 26 for pause in fake_time.slept)


@pytest.mark.parametrize(
    ("status", "code"), [(409, "StorageAccountOperationInProgress"), (503, "ServerBusy")]
)
def test_what_heals_by_itself_is_tried_again(azure, bootstrap, status, code):
    azure.paper.troubles.append(Trouble(ACCOUNT_PUT, status, code, times=2))
    assert bootstrap().changed


def test_what_does_not_heal_ends_as_transient(azure, bootstrap):
    azure.paper.troubles.append(Trouble(ACCOUNT_PUT, 503, "ServerBusy", times=99))
    with pytest.raises(Transient, match="told to fail"):
        bootstrap()


def test_an_unregistered_provider_is_registered(azure, bootstrap):
    azure.paper.unregistered.add("Microsoft.Storage")
    assert bootstrap().changes[0].done == "updated"
    assert any(path.endswith("/Microsoft.Storage/register") for _, path, _ in azure.paper.requests)


def test_who_may_not_register_a_provider_is_given_the_command_for_somebody_who_may(azure, bootstrap):
    azure.paper.unregistered.add("Microsoft.Storage")
    azure.paper.denied.append(r"POST .+/register")
    with pytest.raises(SignInFailed, match="may not register") as raised:
        bootstrap()
    assert "az provider register --namespace Microsoft.Storage" in raised.value.hint


def test_a_taken_name_is_told_before_anything_is_put_under_it(azure, bootstrap, dev):
    named = replace(dev, state=StateSettings(account="taken"))
    azure.paper.taken_names["taken"] = "AlreadyExists"
    with pytest.raises(PreconditionFailed, match="taken is not free") as raised:
        bootstrap(named)
    assert "state.account" in raised.value.hint
    assert not any("storageAccounts" in path for _, path in azure.paper.writes())


def test_a_name_lost_in_a_race_is_told_the_same(azure, bootstrap):
    azure.paper.troubles.append(Trouble(ACCOUNT_PUT, 409, "StorageAccountAlreadyTaken"))
    with pytest.raises(PreconditionFailed, match="is not free"):
        bootstrap()


def test_another_subscription_than_the_environments_is_refused_before_azure_is_asked(azure, bootstrap, dev):
    pinned = replace(dev, subscription_id="99999999-9999-4999-8999-999999999999")
    with pytest.raises(PreconditionFailed, match="belongs to subscription 9999"):
        bootstrap(pinned)
    assert azure.paper.requests == []


def test_a_subscription_that_is_not_seen_is_refused(azure, bootstrap):
    with pytest.raises(PreconditionFailed, match="sees no subscription"):
        bootstrap(ARM_SUBSCRIPTION_ID="99999999-9999-4999-8999-999999999999")
    assert azure.paper.writes() == []


def test_a_disabled_subscription_is_refused(azure, bootstrap):
    azure.paper.subscription_state = "Disabled"
    with pytest.raises(PreconditionFailed, match="is Disabled"):
        bootstrap()


def test_another_tenant_is_refused(azure, bootstrap, dev):
    elsewhere = replace(dev, tenant_id="99999999-9999-4999-8999-999999999999")
    with pytest.raises(SignInFailed, match="belongs to tenant 9999"):
        bootstrap(elsewhere)
    assert azure.paper.requests == []


def test_a_wrong_secret_is_a_sign_in_that_failed(azure, bootstrap):
    with pytest.raises(SignInFailed, match="AADSTS7000215"):
        bootstrap(ARM_CLIENT_SECRET="wrong")  # pragma: allowlist secret


def test_who_may_not_assign_roles_is_given_the_command_for_somebody_who_may(azure, bootstrap):
    azure.paper.denied.append(r"PUT .+/roleAssignments/.+")
    with pytest.raises(SignInFailed, match="may not assign roles") as raised:
        bootstrap()
    assert f"--assignee {OPERATOR}" in raised.value.hint


def test_a_role_that_was_given_by_somebody_else_is_enough(azure, bootstrap):
    done = bootstrap()
    assignment = next(key for key in azure.paper.resources if "/roleassignments/" in key)
    group = f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/{done.resource_group}"
    name = "/providers/microsoft.authorization/roleassignments/77777777-7777-4777-8777-777777777777"
    azure.paper.resources[group + name] = azure.paper.resources.pop(assignment)
    azure.paper.denied.append(r"PUT .+/roleAssignments/.+")
    assert not bootstrap().changed


def test_prod_keeps_its_state_apart(azure, bootstrap, dev):
    own = replace(dev, name="prod", state=StateSettings(own_account=True))
    assert bootstrap().storage_account != bootstrap(own).storage_account


def test_each_request_carries_the_runs_correlation_id_and_no_secret_is_in_the_file(azure, bootstrap, project):
    done = bootstrap()
    text = done.backend_file.read_text()
    assert azure.environ()["ARM_CLIENT_SECRET"] not in text
    assert azure.paper.correlation_ids == {"55555555-5555-4555-8555-555555555555"}
