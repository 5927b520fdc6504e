"""States and their copies."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import (
    NotFound,
    PreconditionFailed,
)
from anomalyctl.provisioning.backups import Backups
from anomalyctl.provisioning.state import kept_with, read_state

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_backups_are_private_whole_and_the_fifty_newest(tmp_path):
    backups = Backups(tmp_path / "backups")
    for serial in range(53):
        backups.keep(b'{"serial": 1}', serial=serial, now=NOW + timedelta(seconds=serial))
    kept = backups.all()
    assert [one.serial for one in kept] == list(range(3, 53))
    assert {stat.S_IMODE(one.path.stat().st_mode) for one in kept} == {0o600}
    assert backups.named("@latest") == backups.named(kept[-1].name) == kept[-1]
    assert kept[-1].taken_at == NOW + timedelta(seconds=52)
    with pytest.raises(NotFound):
        backups.named("nothing")


STATE = {
    "version": 4,
    "serial": 7,
    "lineage": "l",
    "resources": [
        {"mode": "data", "type": "azurerm_client_config", "name": "current", "instances": [{}]},
        {"mode": "managed", "type": "azurerm_resource_group", "name": "this", "instances": [{}]},
        {
            "mode": "managed",
            "type": "azurerm_cosmosdb_account",
            "name": "this",
            "instances": [
                {"dependencies": ["azurerm_resource_group.this", "data.azurerm_client_config.current"]}
            ],
        },
        {
            "mode": "managed",
            "type": "azurerm_subnet",
            "name": "this",
            "instances": [{"index_key": "app", "status": "tainted"}, {"index_key": 0}],
        },
    ],
}


def test_a_state_tells_its_instances_and_what_stays_with_the_data():
    state = read_state(json.dumps(STATE).encode())
    assert (state.serial, state.lineage) == (7, "l")
    assert state.addresses == (
        "azurerm_resource_group.this",
        "azurerm_cosmosdb_account.this",
        'azurerm_subnet.this["app"]',
        "azurerm_subnet.this[0]",
    )
    assert state.resources[2].tainted == ('azurerm_subnet.this["app"]',)
    assert kept_with(state, ()) == {"azurerm_resource_group.this", "azurerm_cosmosdb_account.this"}
    assert "azurerm_subnet.this" in kept_with(state, ["azurerm_subnet.this"])


def test_no_state_is_an_empty_one_and_another_version_is_refused():
    assert read_state(b"\n").is_empty
    with pytest.raises(PreconditionFailed, match="version 5"):
        read_state(b'{"version": 5}')
    with pytest.raises(PreconditionFailed, match="cannot be read"):
        read_state(b"{")
