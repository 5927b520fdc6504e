"""Holding a lease while work goes on: a thread renews it, and says when it was lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.stores.leases import Lease, Leases

logger = logging.getLogger(__name__)


HAND_BACK_S: Final = 6.0
"""A call that has not ended so long after we were asked to stop may not end before the process does."""
_LOOK_S: Final = 0.25
_AGAIN_S: Final = 1.0
"""After so long what could not be renewed is asked for again."""


class Heartbeat:
    """Context manager around a lease: renews it every third of its life, releases it at the end.

    Once `stopping` has been set for `hand_back_s`, the lease is given back though the work goes on, so that
    somebody else need not wait for its life to be over: the token guards what is written after that.
    """

    def __init__(
        self,
        leases: Leases,
        lease: Lease,
        *,
        ttl_s: float,
        on_loss: Callable[[], None] = lambda: None,
        stopping: threading.Event | None = None,
        hand_back_s: float = HAND_BACK_S,
    ) -> None:
        self.lease = lease
        self._leases = leases
        self._ttl_s = ttl_s
        self._on_loss = on_loss
        self._stopping = stopping or threading.Event()
        self._hand_back_s = hand_back_s
        self._ended = threading.Event()
        self._lost = threading.Event()
        # Waited for instead of the thread: a `join` that Ctrl-C interrupts takes the thread for ended.
        self._beats_no_more = threading.Event()
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
        try:
            self._ended.set()
            self._beats_no_more.wait()
        finally:  # also on Ctrl-C, or others wait for the end of its life; a late renewal renews nothing
            self._give_back()

    def _give_back(self) -> None:
        try:
            self._leases.release(self.lease)
        except AnomalyctlError as failure:
            # It expires by itself; the failure that matters is the one under way.
            logger.warning("the lease %s could not be given back: %s", self.lease.name, failure.message)

    def _beat(self) -> None:
        try:
            self._renew_until_ended()
        finally:
            self._beats_no_more.set()

    def _renew_until_ended(self) -> None:
        renew_at, asked_at = time.monotonic() + self._ttl_s / 3, float("inf")
        while not self._ended.wait(min(_LOOK_S, self._ttl_s / 3)):
            now = time.monotonic()
            asked_at = min(asked_at, now) if self._stopping.is_set() else asked_at
            if now - asked_at >= self._hand_back_s:
                logger.info("the lease %s is given back before the work under way has ended", self.lease.name)
                self._lost.set()
                self._give_back()
                return
            if now < renew_at:
                continue
            renew_at = now + self._ttl_s / 3
            try:
                held = self._leases.renew(self.lease, ttl_s=self._ttl_s)
            except AnomalyctlError as error:
                # Unknown, not lost: the token guards what is written meanwhile.
                logger.warning("the lease %s could not be renewed: %s", self.lease.name, error.message)
                renew_at = now + min(_AGAIN_S, self._ttl_s / 3)
                continue
            if not held:
                logger.warning("the lease %s was lost", self.lease.name)
                self._lost.set()
                self._on_loss()
                return
