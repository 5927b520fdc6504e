"""The doorbell of the queues beside the first: who queues there rings here, since a trigger has one key."""

from __future__ import annotations

import logging

from anomalyctl.pipeline.worker import worker


def main(entry: str) -> None:
    """Ring; `entry` names the queue. With one queue alone nobody ever does."""
    try:
        worker().answer_ring_elsewhere(entry)
    except Exception:
        logging.exception("the queues could not be drained now; the next sweep tries again")
        raise
