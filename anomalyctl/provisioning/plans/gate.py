"""What stops a plan before it begins: data that would be lost unsaid, and deletions that would be refused."""

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


def check_protection_flags(plan: Plan, environment: str) -> None:
    """Raise Protected where a service would refuse a deletion half-way, because a flag of it is still on."""
    refused = {change.address: change.refused_by for change in plan.changes if change.refused_by}
    if not refused:
        return
    told = "; ".join(f"{address}: {', '.join(flags)}" for address, flags in refused.items())
    targets = " ".join(f"--target '{address}'" for address in refused)
    raise Protected(
        f"A deletion would be refused half-way, its protection is still on: {told}.",
        hint="Nothing was changed. Switch it off in the configuration, then: "
        f"anomalyctl deploy --env {environment} {targets}",
        details={"protection": {address: list(flags) for address, flags in refused.items()}},
    )
