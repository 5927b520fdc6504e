"""What would stop a destruction half-way is found before it begins, over HTTPS against the stand-in."""

from __future__ import annotations

import json

import pytest

from anomalyctl.errors import Protected
from anomalyctl.operations.infrastructure.obstacles import obstacles_in_azure
from anomalyctl.operations.infrastructure.place import Place
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID
from tests.support.azure_stand_in.subscription import DEPLOYED, GROUP, ROOT, put

GROUP_ID = f"{ROOT}/resourceGroups/{GROUP}"
STORE = f"{GROUP_ID}/providers/Microsoft.DocumentDB/databaseAccounts/cosno"
VAULT = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv"
OTHERS = f"{ROOT}/resourceGroups/rg-of-others"
STRANGER = f"{GROUP_ID}/providers/Microsoft.Insights/actionGroups/made-by-azure"
IDS = {"azurerm_resource_group": GROUP_ID, "azurerm_cosmosdb_account": STORE, "azurerm_key_vault": VAULT}
STATE = json.dumps(
    {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": kind, "name": "this", "instances": [{"attributes": {"id": one}}]}
            for kind, one in IDS.items()
        ],
    }
).encode()
EVERYTHING = tuple(f"{kind}.this" for kind in IDS)
ONLY_THE_VAULT = ("azurerm_key_vault.this",)


@pytest.fixture
def place(project, dev) -> Place:
    return Place(project, dev, project.root, project.root, "dev", ours=True, subscription_id=SUBSCRIPTION_ID)


def lock(azure, scope: str, name: str = "keep") -> str:
    identity = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
    azure.paper.resources[identity.lower()] = {"id": identity, "name": name}
    return identity


def test_nothing_stands_in_the_way_of_what_nobody_locked(azure, place):
    lock(azure, OTHERS)
    found = obstacles_in_azure(place, STATE, EVERYTHING, azure.environ())
    assert (found.locks, found.strangers, found.reason) == ((), (), "")
    found.check()
    assert azure.paper.writes() == []


@pytest.mark.parametrize("scope", [ROOT, GROUP_ID, VAULT, f"{VAULT}/keys/mine"])
def test_a_lock_above_on_or_within_what_goes_is_found_and_its_removal_told(azure, place, scope):
    held = lock(azure, scope)
    found = obstacles_in_azure(place, STATE, ONLY_THE_VAULT, azure.environ())
    assert found.locks == (held,)
    with pytest.raises(Protected) as refused:
        found.check()
    assert f"az lock delete --ids {held}" in refused.value.hint
    assert "Nothing was changed" in refused.value.hint


def test_a_lock_on_what_stays_is_nobodys_business(azure, place):
    lock(azure, STORE)
    assert obstacles_in_azure(place, STATE, ONLY_THE_VAULT, azure.environ()).locks == ()


def test_a_group_that_goes_and_holds_a_stranger_would_stay_and_is_named(azure, place):
    put(azure.paper, DEPLOYED, *({"id": one} for one in (STORE.upper(), VAULT, STRANGER)))
    found = obstacles_in_azure(place, STATE, EVERYTHING, azure.environ())
    assert found.strangers == (STRANGER,)
    with pytest.raises(Protected, match="made-by-azure"):
        found.check()
    assert obstacles_in_azure(place, STATE, ONLY_THE_VAULT, azure.environ()).strangers == ()


def test_where_azure_cannot_be_asked_the_reason_is_told_and_nothing_refused(azure, place):
    found = obstacles_in_azure(place, STATE, EVERYTHING, azure.environ(ARM_CLIENT_SECRET="wrong"))
    assert "AADSTS7000215" in found.reason
    found.check()
