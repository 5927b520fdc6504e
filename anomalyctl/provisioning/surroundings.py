"""The environment variables that Terraform is given: what would steer it unseen is dropped, and named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STEERING: Final = ("TF_WORKSPACE", "TF_DATA_DIR", "TF_INPUT", "TF_IN_AUTOMATION")
_STEERING_PREFIX: Final = "TF_CLI_ARGS"
"""`TF_CLI_ARGS_plan=-destroy` would turn a plan into a destruction."""
_OURS: Final = "ANOMALYCTL_"
VARIABLE_PREFIX: Final = "TF_VAR_"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What Terraform runs with, and what was decided about it. Values stay out of every message."""

    variables: Mapping[str, str]
    dropped: tuple[str, ...]
    kept: tuple[str, ...]
    """The TF_VAR_* that were set outside: they choose values, and stay."""
    notes: tuple[str, ...]

    def sentences(self) -> tuple[str, ...]:
        """What a person should know before anything runs."""
        told = []
        if self.dropped:
            told.append(f"Not passed to Terraform: {', '.join(self.dropped)}.")
        if self.kept:
            told.append(f"Passed to Terraform from your environment: {', '.join(self.kept)}.")
        return (*told, *self.notes)


def terraform_surroundings(
    environ: Mapping[str, str],
    *,
    data_dir: Path,
    correlation_id: str,
    subscription_id: str = "",
    tenant_id: str = "",
) -> Surroundings:
    """The variables for one run in one environment. `correlation_id` travels to Azure with every request."""
    dropped = tuple(
        sorted(name for name in environ if name in _STEERING or name.startswith(_STEERING_PREFIX))
    )
    variables = {
        name: value for name, value in environ.items() if name not in dropped and not name.startswith(_OURS)
    }
    notes: list[str] = []
    configuration = environ.get("TF_CLI_CONFIG_FILE", "")
    if configuration and not os.access(configuration, os.R_OK):
        # Terraform would print a warning block with every command.
        del variables["TF_CLI_CONFIG_FILE"]
        notes.append(f"TF_CLI_CONFIG_FILE names {configuration}, which cannot be read: ignored.")
    variables |= {
        "TF_DATA_DIR": str(data_dir),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "ARM_CORRELATION_REQUEST_ID": correlation_id,
    }
    if subscription_id:
        variables["ARM_SUBSCRIPTION_ID"] = subscription_id
    if tenant_id:
        variables["ARM_TENANT_ID"] = tenant_id
    kept = tuple(sorted(name for name in variables if name.startswith(VARIABLE_PREFIX)))
    return Surroundings(variables, dropped, kept, tuple(notes))
