"""The language model's writer, whose breaker is told to the other replicas and heeds theirs."""

from __future__ import annotations

import platform
from datetime import UTC, datetime

from anomalyctl.errors import AnomalyctlError
from anomalyctl.language.contexts import ContextWriter, writer_from_environment
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.shared_breakers import SharedBreakers


def shared_writer(store: ReadingStore) -> ContextWriter | None:
    """The writer that the environment describes; None where there is no language model."""
    breakers = SharedBreakers(
        lambda: store, owner=f"detectors-{platform.node()[:48]}", clock=lambda: datetime.now(UTC)
    )
    writer = writer_from_environment(on_breaker=breakers.tell)
    guard = None if writer is None else writer.guard
    if writer is None or guard is None:
        return writer

    def heed() -> None:
        try:
            breakers.heed({guard.policy.name: guard})
        except AnomalyctlError:
            return  # with Redis away each replica finds out by itself

    writer.before_asking = heed
    return writer
