"""What the operations stand on: the file, the catalogue, the clock, the bound on throughput."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from anomalyctl.local.cosmos.authorization import MasterKey
from anomalyctl.local.cosmos.catalogue import Catalogue
from anomalyctl.local.cosmos.charges import Throughput
from anomalyctl.local.cosmos.failures import CosmosFailure
from anomalyctl.local.cosmos.faults import Faults
from anomalyctl.local.cosmos.query.service import QueryService
from anomalyctl.local.cosmos.storage import Storage
from anomalyctl.local.cosmos.time_to_live import PURGE_EACH_S, purge

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How the endpoint is started. `clock` gives epoch seconds."""

    data: Path
    key: MasterKey
    clock: Callable[[], float]
    request_units_per_second: float | None = None
    max_megabytes: int | None = None
    faults: bool = False


@dataclass
class Context:
    """One per process."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue
    throughput: Throughput
    faults: Faults
    queries: QueryService = field(default_factory=QueryService)

    @classmethod
    def open(cls, settings: Settings) -> Context:
        """Open the data file, or make it. Raises sqlite3.Error."""
        storage = Storage(settings.data, max_megabytes=settings.max_megabytes)
        catalogue = storage.write_now(Catalogue)
        return cls(settings, storage, catalogue, Throughput(settings.request_units_per_second), Faults())

    def now(self) -> float:
        """Epoch seconds of items and their expiry; tests may have moved it forward."""
        return self.settings.clock() + self.faults.clock_ahead_s

    async def purge_for_ever(self) -> None:
        """Remove expired items, a few at a time, until cancelled."""
        while True:
            await asyncio.sleep(PURGE_EACH_S)
            try:
                await self.purge_once()
            except CosmosFailure as failure:
                _log.warning("expired items were not purged: %s", failure.message)

    async def purge_once(self) -> None:
        """One round over all containers."""
        for container in self.catalogue.containers():
            if container.default_ttl is not None:
                await self.storage.write(partial(purge, container=container, now=int(self.now())))
