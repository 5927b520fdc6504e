"""Holding a lease while work goes on: a thread renews it, and says when it was lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType

from anomalyctl.errors import AnomalyctlError
from anomalyctl.stores.leases import Lease, Leases

logger = logging.getLogger(__name__)


class Heartbeat:
    """Context manager around a lease: renews it every third of its life, releases it at the end."""

    def __init__(
        self, leases: Leases, lease: Lease, *, ttl_s: float, on_loss: Callable[[], None] = lambda: None
    ) -> None:
        self.lease = lease
        self._leases = leases
        self._ttl_s = ttl_s
        self._on_loss = on_loss
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {lease.name}", daemon=True)

    @property
    def lost(self) -> bool:
        """True once somebody else may have taken over."""
        return self._lost.is_set()

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            self._leases.release(self.lease)
        except AnomalyctlError as failure:
            # It expires by itself; the failure that matters is the one under way.
            logger.warning("the lease %s could not be given back: %s", self.lease.name, failure.message)

    def _beat(self) -> None:
        while not self._ended.wait(self._ttl_s / 3):
            try:
                held = self._leases.renew(self.lease, ttl_s=self._ttl_s)
            except AnomalyctlError as error:
                # Unknown, not lost: the token guards what is written meanwhile.
                logger.warning("the lease %s could not be renewed: %s", self.lease.name, error.message)
                continue
            if not held:
                logger.warning("the lease %s was lost", self.lease.name)
                self._lost.set()
                self._on_loss()
                return
