"""Once a day, at 03:15 UTC, every source's model learns from its last 24 hours."""

from __future__ import annotations

import azure.functions as func

from anomalyctl.pipeline.worker import worker


def main(timer: func.TimerRequest) -> None:
    """Refit the models; a refused fit keeps the old one and is logged."""
    worker().fit_models()
