"""The name of a restored Cosmos DB account: `restore` puts it into the state, and each plan must name it."""

from __future__ import annotations

import re
from typing import Final

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_variables import change_published

ACCOUNT: Final = "azurerm_cosmosdb_account.this"
_RESTORED: Final = re.compile(r"-r[0-9a-f]{4}$")


def keep_account_name(place: Place, name: str) -> None:
    """Have every plan from now on mean this account: by its name where it was restored, else by none."""
    change_published(place, "cosmosdb_account_name", name if _RESTORED.search(name) else None)
