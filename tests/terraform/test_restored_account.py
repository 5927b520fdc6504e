"""The whole module after `restore cosmos`: nothing is made or destroyed, whatever hangs on the account."""

from __future__ import annotations

import json
from pathlib import Path

from anomalyctl.operations.deployed_state import from_state
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.operations.restoring.terraform_knows import addresses_of, wanted_of
from tests.support.azurerm.cloud import Resource
from tests.support.azurerm.mirror import install
from tests.support.terraform_root import Root

ACCOUNT = "azurerm_cosmosdb_account.this"
DOOR = 'azurerm_private_endpoint.this["cosmos-db"]'


def test_what_was_put_in_place_of_the_old_account_is_what_is_configured(
    terraform: None, tmp_path: Path
) -> None:
    azure = install(tmp_path / "azure")
    root = Root.copy_of(tmp_path, azure)
    root.init()
    with azure.staying() as environment:
        root = Root(root.folder, root.environment | environment)
        variables = root.variables("dev")
        root.run("apply", "-auto-approve", *variables)
        ids = from_state(root.run("state", "pull").stdout.encode(), "dev").ids
        old = ids[ACCOUNT]
        restore = Restore(
            run="R",
            at="",
            source="",
            old_id=old,
            new_id=f"{old}-r3c4d",
            old_door=ids[DOOR],
            addresses=addresses_of(ids, old, ids[DOOR]),
        )
        for one in azure.cloud.resources():
            if one.id in restore.addresses.values():
                text = json.dumps([one.id, one.state]).replace(restore.old_name, restore.new_name)
                for kind in ("pep", "nic"):
                    text = text.replace(f"{kind}-cosmos-db-", f"{kind}-cosmos-db-r3c4d-")
                identity, state = json.loads(text)
                azure.cloud.put(Resource(one.type, identity, state))
        name = f"-var=cosmosdb_account_name={restore.new_name}"
        wanted = wanted_of(restore)
        root.run("state", "rm", *wanted)
        for address, one_id in sorted(wanted.items(), key=lambda item: len(item[1])):
            root.run("import", *variables, name, address, one_id)
        planned = root.run("plan", "-json", *variables, name).events()
    changes = {
        event["change"]["resource"]["resource_type"]: event["change"]["action"]
        for event in planned
        if event["type"] == "planned_change"
    }
    assert {ACCOUNT, DOOR, 'azurerm_monitor_diagnostic_setting.this["cosmos-db"]'} <= set(wanted)
    # The secret's version, the setting that `restore` has changed already, and whose figures the alert reads.
    assert changes == {
        "azurerm_key_vault_secret": "update",  # pragma: allowlist secret
        "azurerm_linux_function_app": "update",
        "azurerm_monitor_metric_alert": "update",
    }
