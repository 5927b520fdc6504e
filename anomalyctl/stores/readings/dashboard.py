"""What the dashboard reads at a glance, as JSON under `dashboard:*`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from anomalyctl.stores.readings.keys import dashboard_key
from anomalyctl.stores.redis_errors import redis_errors

if TYPE_CHECKING:
    import redis


class DashboardCache:
    """Small JSON documents by name."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    @redis_errors()
    def write(self, documents: Mapping[str, Any]) -> None:
        """Replace the documents given, all at once."""
        if documents:
            self._client.mset({dashboard_key(name): orjson.dumps(value) for name, value in documents.items()})

    @redis_errors()
    def read(self, name: str) -> Any:
        """One document, None when it was never written."""
        data = self._client.get(dashboard_key(name))
        return None if data is None else orjson.loads(data)
