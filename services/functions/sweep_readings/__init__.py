"""The guarantee behind the doorbell: every ten seconds, whatever waits is judged."""

from __future__ import annotations

import azure.functions as func

from anomalyctl.pipeline.worker import worker


def main(timer: func.TimerRequest) -> None:
    """Drain the queue, or stand by while somebody else does."""
    worker().judge_readings()
