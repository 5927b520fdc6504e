"""The host: loads every function, starts a trigger for each, and stops them within a bound."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from anomalyctl.local.functions.bindings import FunctionDefinition, read_definitions
from anomalyctl.local.functions.calls import Calls
from anomalyctl.local.functions.loading import load_function, make_importable
from anomalyctl.local.functions.triggers import Trigger

logger = logging.getLogger(__name__)


class FunctionHost:
    """The functions of one app. Raises InvalidInput, naming the folder, for one that cannot be run."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._stopping = threading.Event()
        definitions = read_definitions(root, environ)
        make_importable(root)
        self._triggers = [self._trigger(definition, environ) for definition in definitions]

    def start(self) -> None:
        """Let the events come."""
        for trigger in self._triggers:
            trigger.start()
            logger.info("%s waits for its %s", trigger.definition.name, trigger.definition.kind)

    def report(self) -> dict[str, Any]:
        """How the functions have fared; healthy while each trigger is alive."""
        functions = [{**asdict(trigger.calls.record()), "alive": trigger.alive} for trigger in self._triggers]
        healthy = all(trigger.alive for trigger in self._triggers)
        return {"status": "healthy" if healthy else "unhealthy", "functions": functions}

    def ask_to_stop(self) -> None:
        """No new call is made from now on."""
        self._stopping.set()

    def wait_for_calls(self, within_s: float) -> list[str]:
        """Wait for the calls under way; returns the names of those that still run when the time is up."""
        deadline = time.monotonic() + within_s
        return [
            trigger.definition.name
            for trigger in self._triggers
            if not trigger.join(max(0.0, deadline - time.monotonic()))
        ]

    def _trigger(self, definition: FunctionDefinition, environ: Mapping[str, str]) -> Trigger:
        calls = Calls(definition, load_function(definition), self._stopping)
        if definition.kind == "timerTrigger":
            from anomalyctl.local.functions.timer import TimerTrigger

            return TimerTrigger(definition, calls, self._stopping)
        if definition.kind == "redisStreamTrigger":
            from anomalyctl.local.functions.redis_stream import RedisStreamTrigger

            return RedisStreamTrigger(definition, calls, self._stopping, environ)
        from anomalyctl.local.functions.cosmos_feed import CosmosFeedTrigger

        return CosmosFeedTrigger(definition, calls, self._stopping, environ)
