"""What Azure is asked after a destruction, over HTTPS against the stand-in."""

from __future__ import annotations

import json

import pytest

from anomalyctl.operations.infrastructure.leftovers import look_in_azure
from anomalyctl.operations.infrastructure.place import Place
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID
from tests.support.azure_stand_in.subscription import DEPLOYED, GROUP, ROOT, put

GROUP_ID = f"{ROOT}/resourceGroups/{GROUP}"
STORE, VAULT, ORPHAN = (
    f"{GROUP_ID}/providers/{name}"
    for name in (
        "Microsoft.DocumentDB/databaseAccounts/cosno",
        "Microsoft.KeyVault/vaults/kv",
        "Microsoft.Insights/actionGroups/made-by-azure",
    )
)


def state(**ids: str) -> bytes:
    resources = [
        {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": {"id": one}}]}
        for kind, one in ids.items()
    ]
    return json.dumps({"version": 4, "resources": resources}).encode()


BEFORE = state(azurerm_resource_group=GROUP_ID, azurerm_cosmosdb_account=STORE, azurerm_key_vault=VAULT)


@pytest.fixture
def place(project, dev) -> Place:
    return Place(project, dev, project.root, project.root, "dev", ours=True, subscription_id=SUBSCRIPTION_ID)


def listed(azure, *ids: str) -> None:
    put(azure.paper, DEPLOYED, *({"id": one, "name": one.rsplit("/", 1)[1]} for one in ids))


def test_what_azure_lists_and_the_state_does_not_hold_is_left(azure, place):
    listed(azure, STORE.upper(), VAULT, ORPHAN)
    after = state(azurerm_resource_group=GROUP_ID, azurerm_cosmosdb_account=STORE)
    look = look_in_azure(place, BEFORE, after, azure.environ())
    assert look.left == (ORPHAN, VAULT)
    assert look.reason == ""
    assert azure.paper.writes() == []


def test_a_group_that_is_gone_leaves_nothing(azure, place):
    look = look_in_azure(place, BEFORE, b"", azure.environ())
    assert (look.left, look.reason) == ((), "")


def test_without_a_sign_in_the_reason_is_told(azure, place):
    listed(azure, ORPHAN)
    look = look_in_azure(place, BEFORE, b"", azure.environ(ARM_CLIENT_SECRET="wrong"))
    assert look.left == ()
    assert "AADSTS7000215" in look.reason


def test_a_state_without_a_resource_group_gives_nothing_to_ask_for(azure, place):
    look = look_in_azure(place, state(azurerm_key_vault=VAULT), b"", azure.environ())
    assert "no resource group" in look.reason
    assert azure.paper.requests == []
