"""A restore whose journal is lost: what Azure shows is enough to go on with it, back, or to its end."""

from __future__ import annotations

import pytest

from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed
from anomalyctl.operations.restoring.adopting import adopt_lost
from tests.operations.restoring.conftest import AT, Killed, Site
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import FUNCTIONS
from tests.support.azure_stand_in.restoring import OLD, OLD_DOOR

TRIGGER = "COSMOS_TRIGGER__accountEndpoint"


def cut_off(site: Site, after: str) -> None:
    site.killed_after = after
    with pytest.raises(Killed):
        site.restore()
    site.lose_journal()


def read(site: Site) -> str:
    return site.cloud.settings()[TRIGGER].partition("//")[2].partition(".")[0]


@pytest.mark.parametrize(
    ("after", "phase"),
    [("private endpoint and its name", "begun"), ("Waiting until the functions run again", "wired")],
)
def test_one_that_was_cut_off_goes_on_without_its_journal(site: Site, after: str, phase: str) -> None:
    cut_off(site, after)
    found = adopt_lost(site.restoring())
    assert found is not None and (found.phase, found.at, found.old_id) == (phase, "2026-11-20T09:30:00Z", OLD)
    assert found.old_door == OLD_DOOR
    restored = site.restore(None)
    assert (restored.outcome, read(site)) == ("restored", found.new_name)
    [(known, addresses)] = site.known
    assert known == found.new_name
    assert set(addresses.values()) >= {found.new_id, found.new_door}
    assert len(site.cloud.bodies) == 1, "no second account"


def test_one_that_was_switched_goes_back_without_its_journal(site: Site) -> None:
    cut_off(site, "Waiting until the functions run again")
    back = site.back()
    assert back.outcome == "went back" and read(site) == OLD.rpartition("/")[2]
    assert site.finish().deleted == site.journal.new_name
    assert [one["id"] for one in site.cloud.accounts] == [OLD]


def test_one_that_terraform_knows_is_finished_without_its_journal(site: Site) -> None:
    site.restore()
    whole = site.journal
    site.lose_journal()
    site.in_state, site.door_in_state = whole.new_id, whole.new_door
    found = adopt_lost(site.restoring())
    assert found is not None
    assert (found.phase, found.old_door, found.addresses) == ("known", whole.old_door, whole.addresses)
    assert site.finish().deleted == OLD.rpartition("/")[2]
    assert [one["id"] for one in site.cloud.accounts] == [whole.new_id]


def test_going_back_that_was_cut_off_goes_on_without_its_journal(site: Site) -> None:
    site.restore()
    whole = site.journal
    site.in_state, site.door_in_state = whole.new_id, whole.new_door
    site.killed_after = "Waiting until the functions run again"
    with pytest.raises(Killed):
        site.back()
    site.lose_journal()
    site.back()
    assert site.known[-1] == (OLD.rpartition("/")[2], whole.addresses)


def test_where_nothing_was_restored_there_is_nothing_to_adopt(site: Site) -> None:
    site.cloud.accounts.append({"id": f"{OLD}-rffff", "name": f"{OLD.rpartition('/')[2]}-rffff"})
    assert adopt_lost(site.restoring()) is None, "a name alone is no restore"
    with pytest.raises(InvalidInput, match="no restore to go on with"):
        site.restore(None)
    with pytest.raises(NotFound):
        site.back()


def test_a_second_restore_is_not_begun_beside_one_that_was_begun_elsewhere(site: Site) -> None:
    cut_off(site, "Waiting until the functions run again")
    with pytest.raises(PreconditionFailed, match="is under way"):
        site.restore(AT.replace(hour=8))
    assert len(site.cloud.bodies) == 1


def test_what_azure_does_not_tell_is_done_by_hand_and_said_how(site: Site) -> None:
    cut_off(site, "Waiting until the functions run again")
    site.cloud.azure.paper.troubles.append(
        Trouble(f"POST {FUNCTIONS}/config/appsettings/list", 403, "AuthorizationFailed", times=9)
    )
    with pytest.raises(PreconditionFailed, match="is not shown") as refused:
        site.restore(None)
    assert "anomalyctl import 'azurerm_cosmosdb_account.this' ID --env dev" in refused.value.hint
    site.cloud.azure.paper.troubles.clear()
    third = {**site.cloud.accounts[1], "id": f"{OLD}-rffff", "name": f"{OLD.rpartition('/')[2]}-rffff"}
    site.cloud.accounts.append(third)
    with pytest.raises(PreconditionFailed, match="3 accounts stand"):
        site.finish()


def test_a_state_that_lost_the_account_in_between_is_told_with_the_import(site: Site) -> None:
    cut_off(site, "Waiting until the functions run again")
    whole = site.deployed()
    without = {address: one for address, one in whole.ids.items() if not one.startswith(OLD)}
    site.deployed = lambda: type(whole)("dev", 8, "l", whole.outputs, without, (), access_keys=False)  # type: ignore[method-assign]
    with pytest.raises(
        PreconditionFailed, match="has no Cosmos DB account, and its services read"
    ) as refused:
        site.restore(None)
    assert "anomalyctl import" in refused.value.hint
