"""The name of a restored Cosmos DB account: `restore` puts it into the state, and each plan must name it."""

from __future__ import annotations

import re
from typing import Final

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_variables import change_published
from anomalyctl.operations.infrastructure.stage import Stage

ACCOUNT: Final = "azurerm_cosmosdb_account.this"
_RESTORED: Final = re.compile(r"-r[0-9a-f]{4}$")


def keep_account_name(place: Place, name: str) -> None:
    """Have every plan from now on mean this account: by its name where it was restored, else by none."""
    change_published(place, "cosmosdb_account_name", name if _RESTORED.search(name) else None)


def adopt_restored_account(prepared: Stage) -> None:
    """Look in the state which account serves, whoever restored it from wherever, and keep its name.

    Without that a plan from another machine would replace the account (which its protection refuses). Where
    the state has no account, as before the first deployment, what was kept stands.
    """
    from anomalyctl.operations.deployed_state import from_state

    place = prepared.place
    if not place.ours or place.environment.is_local:
        return
    text = prepared.terraform.pull_state()
    account = from_state(text, place.environment.name).ids.get(ACCOUNT, "") if text.strip() else ""
    if account:
        keep_account_name(place, account.rpartition("/")[2])
