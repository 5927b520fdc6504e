"""Which account holds the second that is wanted, and what is said where none does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from anomalyctl.azure.cosmos_accounts import Restorable
from anomalyctl.errors import InvalidInput, PreconditionFailed


def source_at(found: Sequence[Restorable], at: datetime, now: datetime, account: str) -> Restorable:
    """The account, standing before deleted, that can be restored to `at`.

    Raises PreconditionFailed where nothing can be restored at all, InvalidInput (`--at`) naming the windows.
    """
    if not found:
        raise PreconditionFailed(
            f"Azure knows nothing of {account} that could be restored.",
            hint="Is its backup policy Continuous, and may you read restorable accounts "
            "(role CosmosRestoreOperator)?",
        )
    fitting = [one for one in found if one.oldest <= at <= (one.newest or now)]
    if fitting:
        return min(fitting, key=lambda one: (one.newest is not None, -one.oldest.timestamp()))
    windows = ", or ".join(
        f"{one.oldest:%Y-%m-%d %H:%M:%S} to {_end(one)}" for one in sorted(found, key=lambda one: one.oldest)
    )
    raise InvalidInput(
        f"{account} can be restored to any second from {windows} (UTC), and "
        f"{at:%Y-%m-%d %H:%M:%S} is not among them.",
        field="--at",
        hint="Name a time within that window.",
    )


def _end(one: Restorable) -> str:
    return f"{one.newest:%Y-%m-%d %H:%M:%S}" if one.newest else "now"
