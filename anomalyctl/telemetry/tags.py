"""Tags: what a plant measures, where its alarm limits lie, and what is known to cause each alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal


class AlarmType(StrEnum):
    """The five words of the specification."""

    OK = "OK"
    LOW = "Low"
    LOW_LOW = "Low-Low"
    HIGH = "High"
    HIGH_HIGH = "High-High"


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """LL, L, H and HH in the tag's unit; a limit that is None does not exist."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    """One measured quantity. Limits and dead-band in `unit`; every time in seconds."""

    name: str
    description: str = ""
    unit: str = ""
    group: str = ""
    """The part of the plant that it belongs to, for people who look for it."""
    core: bool = False
    """Present in every reading; a reading without it is refused."""
    intermittent: bool = False
    """Comes and goes in normal operation, so that its absence says nothing."""
    cadence_s: float = 10.0
    """How often its value usually changes: 10 s for a transmitter, 3,600 s for an hourly figure."""
    limits: AlarmLimits = field(default_factory=AlarmLimits)
    dead_band: float = 0.0
    """How far inside a limit the value must return before the alarm may clear."""
    on_delay_s: float = 0.0
    """How long a limit must be passed before the alarm is raised."""
    off_delay_s: float = 0.0
    """How long the value must be back inside before the alarm clears."""
    causes: Mapping[str, str] = field(default_factory=dict)
    """Known causes, a sentence each, by alarm: an `AlarmType`, `rate`, `silence`, `identity`, `model`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A physical law between tags, checked within `tolerance` (relative to the expected value).

    ratio: tag = operands[0] / operands[1];  sum: tag = sum of operands.
    """

    tag: str
    kind: Literal["ratio", "sum"]
    operands: tuple[str, ...]
    tolerance: float


@dataclass(frozen=True)
class TagRegistry:
    """The tags of one kind of plant, in a fixed order, and the identities between them."""

    tags: Mapping[str, Tag]
    identities: tuple[Identity, ...] = ()
    cadence_s: float = 10.0
    """How often a reading arrives."""

    @cached_property
    def core(self) -> tuple[str, ...]:
        """Names of the tags that every reading holds."""
        return tuple(tag.name for tag in self.tags.values() if tag.core)

    def tag(self, name: str) -> Tag:
        """The tag of that name; an unknown one is a fast tag without limits, judged statistically."""
        return self.tags.get(name) or Tag(name=name, cadence_s=self.cadence_s)
