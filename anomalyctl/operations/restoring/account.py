"""The new account: a name that nobody has, its making begun, and the hours until it holds the data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from anomalyctl.azure.cosmos_accounts import (
    COSMOS_API,
    close_like,
    name_is_taken,
    restored_account,
)
from anomalyctl.azure.failures import AzureRefused
from anomalyctl.azure.resource_manager import Document, ResourceManager
from anomalyctl.errors import AnomalyctlError, PreconditionFailed, TimedOut, Transient
from anomalyctl.operations.progress import Progress
from anomalyctl.operations.restoring.journal import Journal, Restore
from anomalyctl.operations.restoring.names import restored_name
from anomalyctl.stores.anomalies.schema import DATABASE_NAME

_NAMES_TRIED: Final = 5
_POLL_S: Final = 30.0
_TOLD_EACH_S: Final = 300.0
_LIMIT_S: Final = 12 * 3600.0


class RestoreFailed(AnomalyctlError):
    """Azure began to restore and could not; the account that serves is as it was."""

    code = "restore_failed"


def free_account(manager: ResourceManager, old_id: str, source: str, at: str, first: int) -> tuple[str, int]:
    """The id of an account that nobody has yet, and the number of its attempt. Raises PreconditionFailed."""
    group, _, name = old_id.rpartition("/")
    for attempt in range(first, first + _NAMES_TRIED):
        wanted = f"{group}/{restored_name(name, source, at, attempt)}"
        if not name_is_taken(manager, wanted):
            return wanted, attempt
    raise PreconditionFailed(
        f"{_NAMES_TRIED} names for the restored account are taken, such as {wanted.rpartition('/')[2]}.",
        hint="Are they left from earlier restores? Delete those, or name another second.",
    )


def make_account(
    manager: ResourceManager,
    journal: Journal,
    restore: Restore,
    old: Document,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
) -> Restore:
    """Restore the data to the new account, and wait, for hours if need be; repeated, it goes on waiting.

    Raises RestoreFailed, TimedOut after twelve hours, and PreconditionFailed where the account had no
    database of ours at that time.
    """
    if manager.get(restore.new_id, COSMOS_API) is None:
        progress.step(f"Restoring {restore.old_name} as of {restore.at} to {restore.new_name}")
        restore = _begin(manager, journal, restore, old)
    _wait(manager, restore, progress, sleep)
    if manager.get(f"{restore.new_id}/sqlDatabases/{DATABASE_NAME}", COSMOS_API) is None:
        raise PreconditionFailed(
            f"{restore.old_name} had no database {DATABASE_NAME} at {restore.at}.",
            hint="Give this restore up (anomalyctl restore cosmos --back), and name a later time.",
        )
    if differing := close_like(manager, old, restore.new_id):
        progress.done(f"Closed {restore.new_name} as the old one is: {', '.join(differing)}")
    return journal.write(restore, "made")


def _begin(manager: ResourceManager, journal: Journal, restore: Restore, old: Document) -> Restore:
    body = restored_account(old, restore.source, restore.at)
    try:
        manager.begin(restore.new_id, COSMOS_API, body)
    except AzureRefused as error:
        if not _says_taken(error):
            raise
        if manager.get(restore.new_id, COSMOS_API) is not None:
            return restore  # ours: an answer was lost, and the same was asked again
        # Somebody took the name since it was looked for.
        new_id, attempt = free_account(
            manager, restore.old_id, restore.source, restore.at, restore.attempt + 1
        )
        restore = journal.write(restore, new_id=new_id, attempt=attempt)
        manager.begin(restore.new_id, COSMOS_API, body)
    return restore


def _says_taken(error: AzureRefused) -> bool:
    said = f"{error.azure_code} {error.message}".lower()
    return any(words in said for words in ("alreadyexist", "already exist", "already taken"))


def _state(manager: ResourceManager, account_id: str, progress: Progress) -> str:
    """How far Azure is; "" where that cannot be seen now: taken a moment ago it may not be there yet, and a
    network that is away for minutes of these hours ends nothing.
    """
    try:
        found = manager.get(account_id, COSMOS_API) or {}
    except (Transient, TimedOut) as error:
        progress.warn(f"Azure cannot be asked now, and goes on by itself: {error.message}")
        return ""
    return str((found.get("properties") or {}).get("provisioningState", ""))


def _wait(
    manager: ResourceManager, restore: Restore, progress: Progress, sleep: Callable[[float], None]
) -> None:
    waited = 0.0
    told = ""
    while waited < _LIMIT_S:
        state = _state(manager, restore.new_id, progress)
        if state == "Succeeded":
            return
        if state in ("Failed", "Canceled"):
            raise RestoreFailed(
                f"Azure could not restore {restore.new_name}: it is {state}. "
                f"{restore.old_name} serves as before.",
                hint="Give it up with `anomalyctl restore cosmos --back`; its reason is in the activity log.",
            )
        if state != told or waited % _TOLD_EACH_S == 0:
            told = state
            progress.advance(0, 0, f"{restore.new_name}: {state or 'not seen yet'}, {waited / 60:.0f} min")
        sleep(_POLL_S)
        waited += _POLL_S
    raise TimedOut(
        f"{restore.new_name} is not restored after {_LIMIT_S / 3600:.0f} hours.",
        hint="It may still come: run the same command again, it goes on waiting.",
    )
