"""A restore over the real client of Resource Manager: there, back, finished, and cut off anywhere."""

from __future__ import annotations

import dataclasses
import stat
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.errors import AnomalyctlError, InvalidInput, Locked, NotFound, PreconditionFailed
from anomalyctl.operations.restoring.account import RestoreFailed
from anomalyctl.operations.restoring.environment_restore import restore_cosmos
from anomalyctl.provisioning.ledger import Ledger
from tests.operations.restoring.conftest import AT, NOW, Killed, Site
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.restoring import ENDPOINTS, IDENTITIES, OLD, OLD_DOOR, SOURCE, SUBNET, ZONE

ENDPOINT = "https://{}.documents.azure.com:443/"


def account_puts(site: Site) -> list[str]:
    return [
        path
        for method, path, _ in site.cloud.azure.paper.requests
        if method == "PUT" and path.split("/")[-2] == "databaseAccounts"
    ]


def test_the_services_read_a_new_account_that_is_as_the_old_one(site: Site):
    done = site.restore()
    new = site.journal.new_id
    name = new.rpartition("/")[2]
    assert (done.outcome, done.serving, done.kept) == ("restored", name, "cosno-wells-dev-1a2b")
    assert name.startswith("cosno-wells-dev-1a2b-r")
    (body,) = site.cloud.bodies
    about = body["properties"]
    assert about["restoreParameters"] == {
        "restoreMode": "PointInTime",
        "restoreSource": SOURCE,
        "restoreTimestampInUtc": "2026-11-20T09:30:00Z",
        "restoreWithTtlDisabled": True,
    }
    assert about["capabilities"] == [{"name": "EnableServerless"}]
    assert about["disableLocalAuth"] is True
    assert about["backupPolicy"]["continuousModeProperties"] == {"tier": "Continuous30Days"}
    assert body["tags"] == {"environment": "dev"}
    # Azure opened it; it was closed again.
    assert site.cloud.account(new)["properties"]["publicNetworkAccess"] == "Disabled"
    assert site.cloud.role_principals(new) == set(IDENTITIES)
    door = site.cloud.account(f"{ENDPOINTS}/pep-cosmos-db-{name[-5:]}-wells-dev")["properties"]
    assert door["subnet"] == {"id": SUBNET}
    assert door["customNetworkInterfaceName"] == f"nic-cosmos-db-{name[-5:]}-wells-dev"
    assert door["privateLinkServiceConnections"][0]["properties"] == {
        "privateLinkServiceId": new,
        "groupIds": ["Sql"],
    }
    zone = site.cloud.account(f"{ENDPOINTS}/pep-cosmos-db-{name[-5:]}-wells-dev/privateDnsZoneGroups/default")
    assert zone["properties"]["privateDnsZoneConfigs"][0]["properties"] == {"privateDnsZoneId": ZONE}
    assert site.cloud.account(f"{new}/providers/Microsoft.Insights/diagnosticSettings/diag-wells-dev")
    assert site.cloud.secrets[-1] == f"AccountEndpoint={ENDPOINT.format(name)};"
    assert site.cloud.settings() == {
        "COSMOS_TRIGGER__accountEndpoint": ENDPOINT.format(name),
        "REDIS_POOL_SIZE": "16",
    }
    assert site.cloud.refreshed == site.cloud.restarted == ["func-wells-dev", "app-wells-dev"]
    assert {part.name: part.healthy for part in done.parts} == {"functions": True, "dashboard": True}
    assert "after 2026-11-20T09:30:00Z" in done.only_there


def test_terraform_is_told_of_every_part_and_of_nothing_else(site: Site):
    site.restore()
    new = site.journal.new_id
    assert site.known == [
        (
            site.journal.new_name,
            {
                "azurerm_cosmosdb_account.this": new,
                "azurerm_cosmosdb_sql_database.this": f"{new}/sqlDatabases/anomaly-detection",
                'azurerm_monitor_diagnostic_setting.this["cosmos-db"]': f"{new}|diag-wells-dev",
                'azurerm_private_endpoint.this["cosmos-db"]': site.journal.new_door,
            },
        )
    ]


@pytest.mark.parametrize("at", [NOW - timedelta(days=31), NOW + timedelta(minutes=1)])
def test_a_time_outside_of_the_window_is_refused_and_the_window_named(site: Site, at: datetime):
    with pytest.raises(InvalidInput, match="from 2026-10-21 06:00:00 to now") as refused:
        site.restore(at)
    assert refused.value.field == "--at"
    assert site.cloud.azure.paper.writes() == []


def test_a_name_that_is_taken_is_passed_over(site: Site):
    with pytest.raises(Killed):
        site.killed_after = "Restoring"
        site.restore()
    first = site.journal.new_name
    (site.root / ".anomalyctl" / "dev" / "restore.json").unlink()
    site.cloud.azure.paper.taken_names[first] = "AlreadyExists"
    site.restore()
    assert site.journal.new_name != first
    assert len(site.journal.new_name) <= 44
    assert first not in site.cloud.secrets[-1]


def test_a_name_that_somebody_took_meanwhile_is_passed_over_too(site: Site):
    accounts = OLD.rpartition("/")[0]
    site.cloud.azure.paper.troubles.append(
        Trouble(f"PUT {accounts}/[a-z0-9-]+", 409, "DatabaseAccountAlreadyExists", times=1)
    )
    assert site.restore().outcome == "restored"
    first, second = account_puts(site)
    assert first != second
    assert site.journal.new_id == second
    assert site.journal.new_door.endswith(f"{second[-5:]}-wells-dev")


def test_an_answer_that_was_lost_makes_no_second_account(site: Site):
    accounts = OLD.rpartition("/")[0]
    began = site.cloud.azure.paper.hooks[0][1]

    def lost() -> None:
        """Azure has begun; the client hears of trouble, and asks again."""
        began()
        site.cloud.azure.paper.troubles += [
            Trouble(f"PUT {accounts}/[a-z0-9-]+", 409, "DatabaseAccountAlreadyExists", times=1)
        ]
        site.cloud.azure.paper.hooks[0] = (pattern, began)
        raise RuntimeError("The answer is lost.")

    pattern = site.cloud.azure.paper.hooks[0][0]
    site.cloud.azure.paper.hooks[0] = (pattern, lost)
    site.restore()
    assert len(site.cloud.bodies) == 1
    assert len(set(account_puts(site))) == 1


@pytest.mark.parametrize(
    "step",
    [
        "Restoring",
        "min",
        "Giving",
        "Making the private endpoint",
        "Writing",
        "Telling",
        "Waiting until the f",
    ],
)
def test_a_restore_killed_anywhere_goes_on_where_it_was(site: Site, step: str):
    site.killed_after = step
    with pytest.raises(Killed):
        site.restore()
    assert site.journal.on_the_way
    done = site.restore(None)
    assert done.outcome == "restored"
    assert len(site.cloud.bodies) == 1
    assert site.cloud.secrets[-1] == f"AccountEndpoint={ENDPOINT.format(done.serving)};"
    assert len(site.cloud.secrets) == 2
    assert site.cloud.role_principals(site.journal.new_id) == set(IDENTITIES)


def test_the_journal_is_private(site: Site):
    site.restore()
    mode = (site.root / ".anomalyctl" / "dev" / "restore.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_hours_are_waited_with_a_word_now_and_then(site: Site):
    site.cloud.minutes = 60
    site.restore()
    assert sum(site.slept) > 1200
    told = [text for text in site.told if "Creating" in text]
    assert 4 <= len(told) <= 8


def test_a_restore_that_azure_gives_up_leaves_the_services_alone_and_can_be_cleared_away(site: Site):
    site.cloud.ends = "Failed"
    with pytest.raises(RestoreFailed, match="it is Failed"):
        site.restore()
    assert len(site.cloud.secrets) == 1
    assert site.back().outcome == "went back"
    assert site.known == []
    new = site.journal.new_id
    assert site.finish().deleted == new.rpartition("/")[2]
    assert new.lower() not in site.cloud.azure.paper.resources
    assert OLD.lower() in site.cloud.azure.paper.resources


def test_a_time_before_there_was_a_database_is_told(site: Site):
    site.cloud.holds_the_database = False
    with pytest.raises(PreconditionFailed, match="had no database anomaly-detection"):
        site.restore()
    assert len(site.cloud.secrets) == 1


def test_a_principal_that_has_not_arrived_yet_is_tried_again_and_one_who_left_is_told(site: Site):
    pattern = r"PUT .*/sqlRoleAssignments/.*"
    site.cloud.azure.paper.troubles += [
        Trouble(pattern, 400, "PrincipalNotFound", times=2),
        Trouble(pattern, 400, "BadRequest", times=1, message="The principal is gone."),
    ]
    site.restore()
    assert len(site.cloud.role_principals(site.journal.new_id)) == 1
    assert any("gets no data role" in text and "The principal is gone" in text for text in site.told)


def test_the_dashboard_is_waited_for_until_its_role_has_arrived(site: Site):
    site.cloud.unwell = 5
    done = site.restore()
    assert done.parts[1].healthy is True
    assert site.cloud.unwell == 0


def test_a_vault_that_is_closed_from_here_stops_before_anything_is_switched(site: Site):
    site.cloud.vault_closed = True
    with pytest.raises(NotAllowed) as refused:
        site.restore()
    assert "deployer_ip_addresses" in refused.value.hint
    assert site.cloud.restarted == []
    site.cloud.vault_closed = False
    assert site.restore().outcome == "restored"


def test_another_restore_waits_for_the_end_of_this_one(site: Site):
    site.restore()
    with pytest.raises(PreconditionFailed, match="two accounts stand"):
        site.restore(AT - timedelta(hours=1))
    site.killed_after = ""
    with pytest.raises(InvalidInput, match="no restore to go on with"):
        site.restore(None)


def test_the_way_back_is_the_same_way(site: Site):
    site.restore()
    done = site.back()
    assert (done.outcome, done.serving) == ("went back", "cosno-wells-dev-1a2b")
    assert site.cloud.secrets[-1] == site.cloud.secrets[0]
    assert site.cloud.settings()["COSMOS_TRIGGER__accountEndpoint"] == ENDPOINT.format(done.serving)
    name, wanted = site.known[-1]
    assert name == "cosno-wells-dev-1a2b"
    assert wanted["azurerm_cosmosdb_account.this"] == OLD
    assert wanted['azurerm_private_endpoint.this["cosmos-db"]'] == OLD_DOOR
    with pytest.raises(NotFound):
        site.back()


def test_a_way_back_that_was_cut_off_is_gone_on_with_and_nothing_else_begins(site: Site):
    site.restore()
    site.killed_after = "Telling"
    with pytest.raises(Killed):
        site.back()
    for other in (site.finish, lambda: site.restore(AT)):
        with pytest.raises(PreconditionFailed, match="returning"):
            other()
    assert site.back().serving == "cosno-wells-dev-1a2b"
    assert site.finish().deleted == site.journal.new_name


def test_with_access_keys_the_secret_holds_the_new_accounts_key_and_no_setting_does(site: Site):
    site.access_keys = True
    done = site.restore()
    wanted = f"AccountEndpoint={ENDPOINT.format(done.serving)};AccountKey=key-of-{done.serving};"
    assert site.cloud.secrets[-1] == wanted
    assert "cosno-wells-dev-1a2b.documents" in site.cloud.settings()["COSMOS_TRIGGER__accountEndpoint"]
    written = "".join(file.read_text() for file in (site.root / ".anomalyctl").rglob("*") if file.is_file())
    assert "key-of-" not in written + "".join(site.told)


def test_the_end_turns_ttl_on_says_what_is_lost_and_deletes_the_old_account(site: Site):
    site.restore()
    new = site.journal.new_id
    assert site.cloud.ttl(new, "anomaly_results") is None
    done = site.finish()
    assert site.cloud.ttl(new, "anomaly_results") == 90 * 24 * 3600
    assert site.cloud.ttl(new, "unresolved_anomalies") == -1
    assert site.cloud.ttl(new, "resolved_anomalies") is None
    assert done.ttl_on == ("anomaly_results", "unresolved_anomalies", "dead_letters")
    assert "alone holds what was written after 2026-11-20T09:30:00Z" in done.only_there
    left = site.cloud.azure.paper.resources
    assert OLD.lower() not in left
    assert OLD_DOOR.lower() not in left
    assert new.lower() in left
    with pytest.raises(NotFound):
        site.finish()


def test_an_end_that_was_cut_off_is_repeated(site: Site):
    site.restore()
    site.killed_after = f"Deleting {OLD.rpartition('/')[2]}"
    with pytest.raises(Killed):
        site.finish()
    assert OLD.lower() in site.cloud.azure.paper.resources
    assert site.finish().outcome == "finished"


def test_nothing_ends_before_terraform_knows(site: Site):
    site.terraform_fails = True
    with pytest.raises(AnomalyctlError, match="did not want to") as failed:
        site.restore()
    by_hand = failed.value.details["by_hand"]
    assert by_hand[0].startswith("anomalyctl state rm 'azurerm_cosmosdb_account.this'")
    assert any(line.startswith("anomalyctl import 'azurerm_cosmosdb_account.this'") for line in by_hand)
    assert by_hand[-1] == "anomalyctl restore cosmos --env dev"
    assert failed.value.hint.endswith(by_hand[-1])
    with pytest.raises(PreconditionFailed, match=r"under way \(switched\)"):
        site.finish()
    site.terraform_fails = False
    assert site.restore(None).outcome == "restored"
    assert len(account_puts(site)) == 1


def test_what_azure_refuses_is_told_and_nothing_is_switched(site: Site):
    accounts = OLD.rpartition("/")[0]
    site.cloud.azure.paper.troubles.append(
        Trouble(f"PUT {accounts}/[a-z0-9-]+", 400, "BadRequest", message="No capacity.")
    )
    with pytest.raises(AzureRefused, match="No capacity"):
        site.restore(datetime(2026, 11, 1, tzinfo=UTC))
    assert site.cloud.restarted == []


def test_who_gives_up_while_another_is_at_it_is_told_to_wait(site: Site):
    """A restore takes hours; given up beside it, it would go on and switch the services all the same."""
    refused: list[Locked] = []

    def give_up(seconds: float) -> None:
        if not refused:
            with pytest.raises(Locked) as told:
                site.back()
            refused.append(told.value)

    restoring = dataclasses.replace(site.restoring(), sleep=give_up)
    assert restore_cosmos(restoring, AT).outcome == "restored"
    assert refused[0].exit_code == 5
    assert "`restore`" in refused[0].message


def test_a_restore_given_up_before_the_switch_is_noted_in_the_ledger(site: Site):
    site.killed_after = "Giving"
    with pytest.raises(Killed):
        site.restore()
    assert site.back().outcome == "went back"
    runs = Ledger(site.root / ".anomalyctl" / "runs", lambda: NOW).runs()
    assert [(run.command, run.outcome) for run in runs][-1] == ("restore", "done")
    assert len(site.cloud.secrets) == 1
