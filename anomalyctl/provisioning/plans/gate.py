"""What a review must hear said aloud: losing data is allowed address by address, never by `--yes`."""

from __future__ import annotations

from collections.abc import Collection

from anomalyctl.errors import InvalidInput, Protected
from anomalyctl.provisioning.plans.changes import Plan


def check_data_loss(plan: Plan, allowed: Collection[str]) -> None:
    """Raise Protected unless every address that loses its data is in `allowed`.

    Raises InvalidInput where `allowed` names an address that loses nothing: a wish for another plan.
    """
    losing = set(plan.data_loss)
    if stray := sorted(set(allowed) - losing):
        raise InvalidInput(
            f"{stray[0]} loses no data in this plan.",
            field="--allow-data-loss",
            hint=f"The plan loses the data of: {', '.join(sorted(losing)) or 'nothing'}.",
        )
    if missing := sorted(losing - set(allowed)):
        flags = " ".join(f"--allow-data-loss '{address}'" for address in missing)
        raise Protected(
            f"The plan loses the data of {', '.join(missing)}.",
            hint=f"Nothing was changed. If that is meant: {flags}",
            details={"data_loss": missing},
        )
