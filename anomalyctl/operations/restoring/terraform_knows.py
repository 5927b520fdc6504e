"""Putting another account, and all that belongs to it, in the old one's place in Terraform's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from anomalyctl.operations.infrastructure.planning import variables_for
from anomalyctl.operations.infrastructure.restored_account import keep_account_name
from anomalyctl.operations.infrastructure.stage import Stage
from anomalyctl.operations.restoring.journal import Restore

_ENDS_AN_ID: Final = ("/", "|")
"""What follows the account's id in that of a part of it: the import id of a diagnostic setting has a bar."""


def addresses_of(ids: Mapping[str, str], account_id: str, door: str) -> dict[str, str]:
    """Of Terraform's addresses and ids, those of an account, its parts and its private endpoint `door`."""
    return {
        address: one
        for address, one in ids.items()
        if _is_part(one, account_id) or (door and one.lower() == door.lower())
    }


def wanted_of(restore: Restore) -> dict[str, str]:
    """The same addresses with the ids of the restored account's parts."""
    return {
        address: restore.new_id + one[len(restore.old_id) :]
        if _is_part(one, restore.old_id)
        else restore.new_door
        for address, one in restore.addresses.items()
    }


def _is_part(one: str, account_id: str) -> bool:
    """Names may begin alike, so what follows counts."""
    rest = one[len(account_id) :]
    return one.lower().startswith(account_id.lower()) and (not rest or rest[0] in _ENDS_AN_ID)


def put_in_place(prepared: Stage, account_name: str, wanted: Mapping[str, str]) -> str:
    """Forget what the state has at these addresses and import what is wanted; the name of the copy of the
    state from before. Repeated, it does what is left to do. Raises what Terraform's failure means.
    """
    from anomalyctl.operations.deployed_state import from_state

    prepared.require_no_errored_state()
    _, backup = prepared.back_up()
    ids = from_state(prepared.terraform.pull_state(), prepared.place.environment.name).ids
    left = {address: one for address, one in wanted.items() if ids.get(address, "").lower() != one.lower()}
    keep_account_name(prepared.place, account_name)
    if stale := [address for address in left if address in ids]:
        prepared.watcher.step(f"Forgetting {len(stale)} resources of the account before; they go on existing")
        prepared.check(prepared.terraform.remove(*stale))
    variables = variables_for(prepared, (), ())
    # The account before its parts.
    for address, one in sorted(left.items(), key=lambda item: (len(item[1]), item[0])):
        prepared.watcher.step(f"Importing {address}")
        prepared.check(prepared.terraform.import_resource(address, one, variable_files=variables.files))
    return backup.name if backup else ""


def commands(environment: str, wanted: Mapping[str, str]) -> list[str]:
    """The same by hand, where it was cut off for good."""
    quoted = {address: f"'{address}'" for address in wanted}
    return [
        f"anomalyctl state rm {' '.join(quoted.values())} --env {environment}",
        *(
            f"anomalyctl import {quoted[address]} '{one}' --env {environment}"
            for address, one in wanted.items()
        ),
    ]
