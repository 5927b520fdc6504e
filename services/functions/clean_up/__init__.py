"""Every five minutes: acknowledged entries leave the queue, interrupted actions are finished."""

from __future__ import annotations

import azure.functions as func

from anomalyctl.pipeline.worker import worker


def main(timer: func.TimerRequest) -> None:
    """Sweep up."""
    worker().clean_up()
