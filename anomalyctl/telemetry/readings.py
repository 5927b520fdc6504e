"""A reading: the values of one source at one instant, and the rules that it meets before it enters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from anomalyctl.telemetry.times import epoch_ms

DEFAULT_SOURCE = "well-1"


@dataclass(frozen=True, slots=True)
class Reading:
    """Values by tag, all finite, at an instant in UTC."""

    source: str
    timestamp: datetime
    values: Mapping[str, float]

    @property
    def id(self) -> str:
        """`<source>:<epoch ms>`: what makes a reading itself, and a repeat a repeat."""
        return f"{self.source}:{epoch_ms(self.timestamp)}"
