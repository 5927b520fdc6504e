"""How work with Terraform tells where it stands, without knowing who listens."""

from __future__ import annotations

from typing import Protocol

from anomalyctl.operations.progress import Progress, Silence
from anomalyctl.provisioning.progression import Progression, ResourceProgress


class Watcher(Progress, Protocol):
    """A listener that also hears of each resource."""

    def moved(self, progression: Progression, resource: ResourceProgress) -> None:
        """A resource began or ended."""

    def tick(self, progression: Progression) -> None:
        """Time passed: called many times a second while Terraform runs."""


class Unwatched(Silence):
    """Nobody listens."""

    def moved(self, progression: Progression, resource: ResourceProgress) -> None:
        """Ignore."""

    def tick(self, progression: Progression) -> None:
        """Ignore."""


UNWATCHED: Watcher = Unwatched()
