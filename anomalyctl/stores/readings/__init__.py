"""Readings and what belongs to them in Redis: queue, windows, models, memories, dead letters."""

from anomalyctl.stores.readings.backlog import Backlog
from anomalyctl.stores.readings.models import StoredModel
from anomalyctl.stores.readings.store import ReadingStore
from anomalyctl.stores.readings.window import Origin

__all__ = ["Backlog", "Origin", "ReadingStore", "StoredModel"]
