"""What a platform's probes ask without a token: answers that tell nothing else, and cost next to nothing."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from anomalyctl.errors import AnomalyctlError
from detector_service.known import Store
from detector_service.openapi import problem_answers
from detector_service.problems import Refused

ASK_EVERY_S: Final = 1.0
"""Redis is asked so often, however many ask. To answer 429 instead would let a flood kill the replica."""

logger = logging.getLogger(__name__)


def add_health(app: FastAPI, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
    """Add both probes; `clock` gives seconds that only grow."""
    readiness = Readiness(store, clock)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "live"}

    @app.get("/health/ready", responses=problem_answers(500, 503))
    async def ready() -> dict[str, str]:
        """Redis answers too, so verdicts can be given."""
        if not readiness.known():
            await run_in_threadpool(readiness.look)
        if not readiness.ready:
            # Where Redis is, and what it said, is nobody's business who has shown no token.
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "Not ready; the log says why.")
        return {"status": "ready"}


class Readiness:
    """Whether Redis answers, as known for a moment. Thread-safe."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self.ready = False
        self._store, self._clock = store, clock
        self._asked_at = float("-inf")
        self._asking = threading.Lock()

    def known(self) -> bool:
        """Whether somebody asked a moment ago."""
        return self._clock() - self._asked_at < ASK_EVERY_S

    def look(self) -> None:
        """Ask. Whoever comes meanwhile gets the last answer: nobody's judging waits for threads of probes."""
        if not self._asking.acquire(blocking=False):
            return
        was_ready = self.ready
        try:
            self._store.ping()
            self.ready = True
        except AnomalyctlError as error:
            self.ready = False
            if was_ready or self._asked_at == float("-inf"):
                logger.warning("not ready: %s", error.message, extra={"code": error.code})
        finally:
            self._asked_at = self._clock()
            self._asking.release()
