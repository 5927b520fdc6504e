"""Which subscription an environment means, and the refusal of any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.environments import Environment
from anomalyctl.errors import PreconditionFailed


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription and where its id was read."""

    id: str
    origin: str


def subscription_for(environment: Environment, environ: Mapping[str, str]) -> Subscription:
    """The environment's subscription: environments.toml, else ARM_SUBSCRIPTION_ID, else the Azure CLI's.

    Raises PreconditionFailed where ARM_SUBSCRIPTION_ID names another one than environments.toml, or where
    none is known.
    """
    outside = environ.get("ARM_SUBSCRIPTION_ID", "").strip().lower()
    named = environment.subscription_id
    if named and outside and outside != named:
        raise PreconditionFailed(
            f"ARM_SUBSCRIPTION_ID is {outside}, and {environment.name} belongs to subscription {named}.",
            hint="Unset ARM_SUBSCRIPTION_ID, or correct subscription_id in environments.toml.",
            details={"expected": named, "found": outside},
        )
    if named:
        return Subscription(named, "environments.toml")
    if outside:
        return Subscription(outside, "ARM_SUBSCRIPTION_ID")
    if chosen := _azure_cli_default(environ):
        return Subscription(chosen, "the Azure CLI's default")
    raise PreconditionFailed(
        f"No subscription is known for {environment.name}.",
        hint=f"Set subscription_id under [environments.{environment.name}] in environments.toml, "
        "or ARM_SUBSCRIPTION_ID.",
    )


def _azure_cli_default(environ: Mapping[str, str]) -> str:
    """What `az account set` chose, read from the Azure CLI's profile: starting `az` takes a second."""
    folder = environ.get("AZURE_CONFIG_DIR") or str(Path(environ.get("HOME") or Path.home()) / ".azure")
    try:
        profile = json.loads((Path(folder) / "azureProfile.json").read_text(encoding="utf-8-sig"))
        return next(str(entry["id"]).lower() for entry in profile["subscriptions"] if entry.get("isDefault"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return ""
