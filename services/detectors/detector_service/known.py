"""What is known of each source, from Redis: its registry and the model in use, kept while current."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from anomalyctl.detection.model import SourceModel
from anomalyctl.errors import InvalidInput
from anomalyctl.stores.readings import StoredModel
from anomalyctl.telemetry.tags import TagRegistry

logger = logging.getLogger(__name__)

T = TypeVar("T")

MOST_MODELS: Final = 256
"""Models that one process keeps; the least recently used one goes first."""
REGISTRY_KEPT_S: Final = 1.0


class Store(Protocol):
    """What is needed of `ReadingStore`."""

    def load_model_version(self, source: str) -> str | None:
        """The version in use."""

    def load_model(self, source: str) -> StoredModel | None:
        """The model in use."""

    def load_registry(self, source: str) -> TagRegistry:
        """The source's registry."""

    def ping(self) -> bool:
        """Whether the store answers."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a verdict on a source stands on."""

    registry: TagRegistry
    model: SourceModel | None


class KnownSources:
    """Thread-safe. The version is asked for with every request, so that all replicas judge alike."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._models: OrderedDict[str, tuple[str, SourceModel | None]] = OrderedDict()
        self._registries: OrderedDict[str, tuple[float, TagRegistry]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, source: str) -> Known:
        """Registry and model of a source; a model that cannot be read counts as none, and is logged."""
        return Known(self._registry(source), self._model(source))

    def _registry(self, source: str) -> TagRegistry:
        with self._lock:
            at, registry = self._registries.get(source, (float("-inf"), None))
        if registry is not None and self._clock() - at < REGISTRY_KEPT_S:
            return registry
        registry = self._store.load_registry(source)
        with self._lock:
            _keep(self._registries, source, (self._clock(), registry))
        return registry

    def _model(self, source: str) -> SourceModel | None:
        version = self._store.load_model_version(source)
        if version is None:
            return None
        with self._lock:
            kept = self._models.get(source)
        if kept is not None and kept[0] == version:
            return kept[1]
        stored = self._store.load_model(source)
        if stored is None:
            return None
        try:
            model = SourceModel.from_bytes(stored.data)
        except InvalidInput as error:
            logger.error("%s: %s", source, error.message)
            model = None
        with self._lock:
            _keep(self._models, source, (stored.version, model))
        return model


def _keep(kept: OrderedDict[str, T], source: str, value: T) -> None:
    kept[source] = value
    kept.move_to_end(source)
    while len(kept) > MOST_MODELS:
        kept.popitem(last=False)
