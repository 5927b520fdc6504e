"""What the service does before its first request."""

from __future__ import annotations

import gc

from starlette.testclient import TestClient

from anomalyctl.stores.readings import ReadingStore
from detector_service.app import create_app
from detector_service.settings import DetectorSettings


def test_the_collector_leaves_loaded_modules_alone_while_the_service_runs(
    reading_store: ReadingStore,
) -> None:
    settings = DetectorSettings(
        redis_connection_string="redis://127.0.0.1:1/0",
        detector_token="a-token-of-the-tests-1234",  # pragma: allowlist secret
    )
    with TestClient(create_app(settings, store=reading_store)):
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0
