"""Faults with known truth: what people ask for, and the labels that say what was done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.durations import format_duration, parse_duration
from anomalyctl.telemetry.injection import Fault, FaultKind, Injector
from anomalyctl.telemetry.process import behaviour_of
from anomalyctl.telemetry.registry import nearest_name
from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import epoch_ms, format_time, from_epoch_ms

KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)
ANY_TAG: Final = "*"

_DEFAULTS: Final[dict[FaultKind, tuple[timedelta, float | None]]] = {
    "spike": (timedelta(0), 8.0),
    "level-shift": (timedelta(minutes=10), 8.0),
    "drift": (timedelta(minutes=30), 8.0),
    "stuck": (timedelta(minutes=15), None),
    "dropout": (timedelta(minutes=10), None),
    "correlation-break": (timedelta(minutes=20), 4.0),
    "late": (timedelta(0), 6.0),
    "malformed": (timedelta(0), None),
}
"""Duration and size where a fault does not say them."""

_WHOLE_READING: Final = ("late", "malformed")
_WHEN = re.compile(r"(?P<offset>[^+x]+)(?:\+(?P<duration>[^+x]+))?(?:x(?P<size>.+))?", re.ASCII)
_EXAMPLE = "Write KIND:TAG@OFFSET[+DURATION][xSIZE], such as level-shift:INJECTION_PRESSURE@1h+10mx8."


@dataclass(frozen=True, slots=True)
class FaultSpec:
    """One fault as it was asked for; `offset` counts from the first reading.

    `size` is in the tag's noise standard deviations; for `late` it counts what overtakes the last.
    """

    kind: FaultKind
    tag: str
    offset: timedelta
    duration: timedelta
    size: float | None = None

    def __str__(self) -> str:
        length = f"+{format_duration(self.duration)}" if self.duration else ""
        size = "" if self.size is None else f"x{self.size:g}"
        return f"{self.kind}:{self.tag}@{format_duration(self.offset)}{length}{size}"


def parse_fault(text: str) -> FaultSpec:
    """Read `KIND:TAG@OFFSET[+DURATION][xSIZE]`; raises InvalidInput with the nearest kind.

    >>> str(parse_fault("level-shift:INJECTION_PRESSURE@1h"))
    'level-shift:INJECTION_PRESSURE@1h+10mx8'
    """
    head, _, when = text.rpartition("@")
    kind, _, tag = head.partition(":")
    timing = _WHEN.fullmatch(when)
    if not kind or not tag or timing is None:
        raise InvalidInput(f"fault: {text[:80]!r} cannot be read", field="fault", hint=_EXAMPLE)
    if kind not in KINDS:
        near = nearest_name(kind, KINDS)
        raise InvalidInput(
            f"fault: {kind[:40]!r} is not a kind of fault",
            field="fault",
            hint=f"Did you mean {near}?" if near else f"Kinds: {', '.join(KINDS)}.",
        )
    duration, size = _DEFAULTS[kind]
    if timing["duration"] is not None:
        duration = parse_duration(timing["duration"], field="fault")
    if timing["size"] is not None:
        size = _size(kind, timing["size"])
    return FaultSpec(kind, tag, parse_duration(timing["offset"], field="fault"), duration, size)


def check_tags(faults: Iterable[FaultSpec], registry: TagRegistry) -> None:
    """Raises InvalidInput, with the nearest name, for a tag that the plant does not have."""
    for fault in faults:
        if fault.tag == ANY_TAG and fault.kind in _WHOLE_READING:
            continue
        if fault.tag not in registry.tags:
            near = nearest_name(fault.tag, registry.tags)
            raise InvalidInput(
                f"fault: {fault.tag[:60]!r} is not a tag of this source",
                field="fault",
                hint=f"Did you mean {near}?" if near else "See the source's tag registry.",
            )


def injector(
    faults: Sequence[FaultSpec], registry: TagRegistry, *, start: datetime, interval_s: float = 10.0
) -> Injector:
    """What puts these faults into telemetry that begins at `start`, row by row or all at once."""
    check_tags(faults, registry)
    behaviours = behaviour_of(registry)
    first_ms, interval_ms = epoch_ms(start), round(interval_s * 1000)
    scheduled = []
    for fault in faults:
        from_ms = first_ms + fault.offset // timedelta(milliseconds=1)
        until_ms = from_ms + max(fault.duration // timedelta(milliseconds=1), interval_ms)
        behaviour = behaviours.get(fault.tag)
        held_s = registry.tags[fault.tag].cadence_s if fault.tag in registry.tags else interval_s
        scheduled.append(
            Fault(fault.kind, fault.tag, from_ms, until_ms, fault.size, behaviour, round(held_s * 1000))
        )
    return Injector(scheduled, interval_ms)


def labels(faults: Sequence[FaultSpec], *, start: datetime, interval_s: float = 10.0) -> list[dict[str, Any]]:
    """The ground truth: kind, tag, from and to (times of the first and the last reading touched), size."""
    first_ms, interval_ms = epoch_ms(start), round(interval_s * 1000)
    truth = []
    for fault in faults:
        offset_ms = fault.offset // timedelta(milliseconds=1)
        length_ms = max(fault.duration // timedelta(milliseconds=1), interval_ms)
        first = -(-offset_ms // interval_ms)
        last = max(-(-(offset_ms + length_ms) // interval_ms) - 1, first)
        truth.append(
            {
                "kind": fault.kind,
                "tag": fault.tag,
                "from": format_time(from_epoch_ms(first_ms + first * interval_ms)),
                "to": format_time(from_epoch_ms(first_ms + last * interval_ms)),
                "size": fault.size,
            }
        )
    return truth


def inject(
    telemetry: Telemetry, faults: Sequence[FaultSpec], registry: TagRegistry
) -> tuple[Telemetry, list[dict[str, Any]]]:
    """The telemetry with the faults in it, offsets counted from its first row, and the labels."""
    check_tags(faults, registry)
    if not len(telemetry):
        return telemetry, []
    start = from_epoch_ms(int(telemetry.times_ms[0]))
    interval_s = registry.cadence_s
    if len(telemetry) > 1:
        interval_s = int(telemetry.times_ms[1] - telemetry.times_ms[0]) / 1000
    damaged = injector(faults, registry, start=start, interval_s=interval_s).apply(telemetry)
    return damaged, labels(faults, start=start, interval_s=interval_s)


def _size(kind: FaultKind, text: str) -> float:
    if _DEFAULTS[kind][1] is None:
        raise InvalidInput(f"fault: {kind} has no size", field="fault", hint=f"Leave out x{text[:20]}.")
    try:
        size = float(text)
    except ValueError:
        size = 0.0
    if not 0 < abs(size) <= 1e6 or (kind == "late" and size < 1):
        raise InvalidInput(
            f"fault: {text[:20]!r} is not a size",
            field="fault",
            hint="Write how many readings late, 1 or more."
            if kind == "late"
            else "Write noise standard deviations.",
        )
    return size
