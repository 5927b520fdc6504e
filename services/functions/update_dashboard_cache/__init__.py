"""Episodes changed: what the dashboard shows at a glance is counted anew."""

from __future__ import annotations

import azure.functions as func

from anomalyctl.pipeline.worker import worker


def main(documents: func.DocumentList) -> None:
    """Write `dashboard:*`. The changes only say when to look: they come at least once, in parts."""
    worker().update_dashboard_cache()
