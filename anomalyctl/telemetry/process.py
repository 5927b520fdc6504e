"""How a simulated plant behaves, tag by tag: levels, noise, what moves what, and how quickly."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from anomalyctl.telemetry.resolution import step_below
from anomalyctl.telemetry.tags import AlarmLimits, Identity, Tag, TagRegistry

DRIVERS: Final[Mapping[str, float]] = {
    "pump": 0.5,
    "gas": 0.5,
    "tracer": 0.6,
    "power": 0.5,
    "heat": 0.6,
    "weather": 0.6,
    "formation": 0.6,
}
"""What moves several tags together, and how much of a deviation is left one reading later."""

_MARGIN = 12.0
"""Noise between the level and the nearest alarm limit, where a registry gives limits alone."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One tag's part in the simulated process; `noise` is what a fault's size counts in."""

    typical: float
    noise: float
    resolution: float
    drivers: Mapping[str, float] = field(default_factory=dict)
    lag_s: float = 0.0
    cycle: float = 0.0
    """Amplitude of the daily cycle, in `noise`."""
    presence: float = 1.0
    memory: float = 0.3
    """How much of the tag's own deviation is left one reading later."""


def behaviour_of(registry: TagRegistry) -> dict[str, Behaviour]:
    """The behaviour of each tag: as described for the built-in plant, derived from the limits for others.

    A tag that an identity computes is derived from its operands, whatever is described for it.
    """
    described = _described()
    behaviours = {
        tag.name: described[tag.name] if tag.name in described else _derived(tag)
        for tag in registry.tags.values()
    }
    for law in computing_order(registry):
        if law.tag not in described:
            behaviours[law.tag] = _computed(law, behaviours)
    return behaviours


def computing_order(registry: TagRegistry) -> tuple[Identity, ...]:
    """The identities such that each follows those that compute its operands; circular ones are left out."""
    waiting, ordered = list(registry.identities), []
    while ready := [law for law in waiting if not {other.tag for other in waiting} & set(law.operands)]:
        ordered += ready
        waiting = [law for law in waiting if law not in ready]
    return tuple(ordered)


@cache
def _described() -> dict[str, Behaviour]:
    text = resources.files("anomalyctl.telemetry").joinpath("process.toml").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Any]] = tomllib.loads(text)
    return {name: Behaviour(**table) for name, table in tables.items()}


def _derived(tag: Tag) -> Behaviour:
    low, high = _span(tag.limits)
    noise = (high - low) / (2 * _MARGIN)
    return Behaviour(
        typical=(low + high) / 2,
        noise=noise,
        resolution=step_below(noise / 20),
        drivers={"pump": 0.5, "weather": 0.3},
        presence=0.75 if tag.intermittent else 1.0,
    )


def _span(limits: AlarmLimits) -> tuple[float, float]:
    low = limits.low if limits.low is not None else limits.low_low
    high = limits.high if limits.high is not None else limits.high_high
    if low is not None and high is not None:
        return low, high
    if high is not None:
        return high - max(abs(high), 1.0), high
    if low is not None:
        return low, low + max(abs(low), 1.0)
    return 88.0, 112.0


def _computed(law: Identity, behaviours: Mapping[str, Behaviour]) -> Behaviour:
    parts = [behaviours[operand] for operand in law.operands]
    if law.kind == "sum":
        typical = sum(part.typical for part in parts)
        noise = sum(part.noise**2 for part in parts) ** 0.5
    else:
        typical = parts[0].typical / parts[1].typical if parts[1].typical else 0.0
        noise = abs(typical) * sum((part.noise / part.typical) ** 2 for part in parts if part.typical) ** 0.5
    noise = noise or 1.0
    return Behaviour(typical=typical, noise=noise, resolution=step_below(noise / 50))
