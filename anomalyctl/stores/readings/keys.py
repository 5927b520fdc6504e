"""Names of everything that we keep in Redis."""

from __future__ import annotations

from typing import Final

BREAKERS: Final = "resilience:breakers"
"""Hash: which process has found whom down."""
READINGS: Final = "telemetry:readings"
"""The queue, or the first of several: one stream, ids by the server."""
PLACES: Final = "telemetry:queues"
"""Hash: which queue a source's readings enter, where that is not the first."""
QUEUE_COUNT: Final = "telemetry:queue-count"
DOORBELL: Final = "telemetry:doorbell"
"""Stream of rings: something entered a queue beside the first."""
GROUP: Final = "verdicts"
"""The consumer group whose acknowledgement means: judged and written."""
DEAD_LETTERS: Final = "telemetry:dead-letters"

_WINDOW: Final = "telemetry:window:"


def queue_key(number: int) -> str:
    """The stream of a queue; the first, 0, has the plain name."""
    return READINGS if number == 0 else f"{READINGS}:{number}"


def window_key(source: str) -> str:
    """Sorted set of payloads by the reading's own time in ms."""
    return f"{_WINDOW}{source}"


def source_of_window(key: bytes) -> str:
    """The inverse of `window_key`."""
    return key.decode().removeprefix(_WINDOW)


def simulated_key(source: str) -> str:
    """Sorted set of the times (ms) of readings that were simulated."""
    return f"telemetry:simulated:{source}"


def alarmed_key(source: str) -> str:
    """Sorted set of the times (ms) of readings judged anomalous; fitting leaves them out."""
    return f"telemetry:alarmed:{source}"


def incomplete_key(source: str) -> str:
    """Sorted set of the times (ms) of readings that were judged while a tier was down."""
    return f"telemetry:incomplete:{source}"


def tags_key(source: str) -> str:
    """The source's own registry as JSON."""
    return f"telemetry:tags:{source}"


def model_key(source: str, version: str | None = None) -> str:
    """The model in use, or an earlier version of it."""
    return f"detection:model:{source}" + (f":{version}" if version else "")


def fitting_key(source: str) -> str:
    """Hash about the last fit that was refused."""
    return f"detection:fitting:{source}"


def memory_key(source: str) -> str:
    """Hash with one field a tier."""
    return f"detection:memory:{source}"


def dashboard_key(name: str) -> str:
    """What the dashboard reads at a glance."""
    return f"dashboard:{name}"
