"""The first step of a restore: may it begin, from which account, and under which name."""

from __future__ import annotations

from datetime import datetime

from anomalyctl.azure.cosmos_accounts import read_account, restorable_accounts
from anomalyctl.errors import InvalidInput, PreconditionFailed
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.restoring.account import free_account
from anomalyctl.operations.restoring.journal import Journal, Restore
from anomalyctl.operations.restoring.opening import Restoring, second
from anomalyctl.operations.restoring.terraform_knows import addresses_of
from anomalyctl.operations.restoring.window import source_at

ACCOUNT = "azurerm_cosmosdb_account.this"
DOOR = 'azurerm_private_endpoint.this["cosmos-db"]'


def require_startable(environment: str, kept: Restore | None, at: datetime | None) -> None:
    """Raise InvalidInput where there is nothing to go on with and no second is named, PreconditionFailed
    while an earlier restore is not ended.
    """
    if at is None:
        if kept is None or not kept.on_the_way:
            raise InvalidInput(
                "Name the second to restore to: there is no restore to go on with.",
                field="--at",
                hint=f"For example: anomalyctl restore cosmos --at now-2h --env {environment}",
            )
        return
    if kept is None or kept.phase == "finished" or (kept.on_the_way and kept.at == second(at)):
        return
    command = f"anomalyctl restore cosmos --env {environment}"
    if kept.on_the_way:
        raise PreconditionFailed(
            f"A restore of {environment} to {kept.at} is under way ({kept.phase}).",
            hint=f"Go on with it: {command}; or give it up: {command} --back, then {command} --finish",
        )
    raise PreconditionFailed(
        f"The restore of {environment} to {kept.at} is not ended: two accounts stand ({kept.phase}).",
        hint=f"End it first: {command} --finish" if kept.phase != "returning" else f"Go on: {command} --back",
    )


def begin(restoring: Restoring, target: Target, journal: Journal, at: datetime) -> Restore:
    """Find what can be restored and a free name, and note them; nothing is made yet.

    Raises InvalidInput naming the window, PreconditionFailed, NotDeployed and NotFound.
    """
    old_id = target.resource(ACCOUNT)
    old = read_account(target.manager, old_id)
    name = old_id.rpartition("/")[2]
    found = restorable_accounts(target.manager, str(old["location"]), name)
    source = source_at(found, at, restoring.clock(), name)
    new_id, attempt = free_account(target.manager, old_id, source.id, second(at), 0)
    door = target.where.ids.get(DOOR, "")
    return journal.write(
        Restore(
            run=target.run.id,
            at=second(at),
            source=source.id,
            old_id=old_id,
            new_id=new_id,
            attempt=attempt,
            old_door=door,
            addresses=addresses_of(target.where.ids, old_id, door),
        )
    )
