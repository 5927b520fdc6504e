"""Readings and what belongs to them in Redis: queue, windows, models, memories, dead letters."""

from anomalyctl.stores.readings.models import StoredModel
from anomalyctl.stores.readings.store import Backlog, ReadingStore
from anomalyctl.stores.readings.window import Origin

__all__ = ["Backlog", "Origin", "ReadingStore", "StoredModel"]
