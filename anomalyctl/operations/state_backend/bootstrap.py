"""Make the storage account that keeps the Terraform state, or find that it is already as it should be."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from anomalyctl.environments import Environment
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.project import Project


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was looked at, and what was done to it."""

    what: str
    done: Literal["created", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """The state's home after a bootstrap. `changed` is false where everything was already as it should be."""

    environment: str
    subscription_id: str
    resource_group: str
    storage_account: str
    container: str
    principal: str
    backend_file: Path
    changed: bool
    changes: tuple[Change, ...]
    waited_s: float
    """How long the role took to reach the blobs, in seconds."""


def bootstrap_state_backend(
    environment: Environment,
    *,
    project: Project,
    progress: Progress = SILENCE,
    environ: Mapping[str, str] = os.environ,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Bootstrapped:
    """Make what is missing and nothing else, wait until blobs can be read, write the backend's file."""
    raise NotImplementedError
