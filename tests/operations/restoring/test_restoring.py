"""A restore over the real client of Resource Manager: there, back, and finished."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.azure.failures import AzureRefused
from anomalyctl.errors import (
    InvalidInput,
    NotFound,
    PreconditionFailed,
)
from tests.operations.restoring.conftest import NOW, Killed, Site
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


def test_the_journal_is_private(site: Site):
    site.restore()
    mode = (site.root / ".anomalyctl" / "dev" / "restore.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


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


def test_what_azure_refuses_is_told_and_nothing_is_switched(site: Site):
    accounts = OLD.rpartition("/")[0]
    site.cloud.azure.paper.troubles.append(
        Trouble(f"PUT {accounts}/[a-z0-9-]+", 400, "BadRequest", message="No capacity.")
    )
    with pytest.raises(AzureRefused, match="No capacity"):
        site.restore(datetime(2026, 11, 1, tzinfo=UTC))
    assert site.cloud.restarted == []
