"""A restore that is cut off, given up, refused or kept waiting: nothing is half done, and it goes on."""

from __future__ import annotations

import dataclasses
import errno
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.failures import NotAllowed
from anomalyctl.errors import (
    AnomalyctlError,
    InvalidInput,
    Locked,
    PreconditionFailed,
    TimedOut,
    Unreachable,
)
from anomalyctl.operations.restoring.account import RestoreFailed, _wait
from anomalyctl.operations.restoring.environment_restore import restore_cosmos
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.provisioning.ledger import Ledger
from tests.operations.restoring.conftest import AT, NOW, Killed, Site
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.restoring import IDENTITIES, OLD

ENDPOINT = "https://{}.documents.azure.com:443/"


def account_puts(site: Site) -> list[str]:
    return [
        path
        for method, path, _ in site.cloud.azure.paper.requests
        if method == "PUT" and path.split("/")[-2] == "databaseAccounts"
    ]


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


def test_a_disk_that_fills_on_the_way_ends_a_restore_that_goes_on_once_there_is_room(site: Site):
    def no_room(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as full:

        class Filling(list[float]):
            def append(self, seconds: float) -> None:
                full.setattr(tempfile, "mkstemp", no_room)  # what is noted atomically
                full.setattr(Path, "mkdir", no_room)

        site.slept = Filling()
        with pytest.raises(PreconditionFailed, match="is full"):
            site.restore()
        site.slept = []
        with pytest.raises(PreconditionFailed, match="cannot be written"):
            site.restore(None)
    assert site.cloud.settings()["COSMOS_TRIGGER__accountEndpoint"] == ENDPOINT.format(OLD.rpartition("/")[2])
    assert site.restore(None).outcome == "restored"
    assert len(site.cloud.bodies) == 1


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


class CutOff:
    """Resource Manager behind a network that is away for a while."""

    def __init__(self, answers: list[dict[str, Any] | Exception]) -> None:
        self.answers = answers

    def get(self, *_: Any) -> dict[str, Any]:
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def test_a_network_that_is_away_for_minutes_of_these_hours_ends_nothing(site: Site):
    creating, ready = ({"properties": {"provisioningState": one}} for one in ("Creating", "Succeeded"))
    manager = CutOff([creating, Unreachable("No route."), TimedOut("Too slow."), creating, ready])
    restore = Restore(run="R", at="2026-11-20T09:30:00Z", source="S", old_id="/x/old", new_id="/x/new")
    _wait(manager, restore, site, site.slept.append)  # type: ignore[arg-type]
    assert manager.answers == []
    assert sum(site.slept) == 120
    assert any("goes on by itself: No route." in text for text in site.told)
