"""When each simulated reading is due: decided once, before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anomalyctl.errors import InvalidInput
from anomalyctl.telemetry.durations import format_duration
from anomalyctl.telemetry.faults import FaultSpec
from anomalyctl.telemetry.readings import DEFAULT_SOURCE
from anomalyctl.telemetry.times import epoch_ms, format_time, from_epoch_ms
from anomalyctl.telemetry.validation import check_source

DEFAULT_RATE: Final = timedelta(seconds=10)
_CATCHING_UP: Final = timedelta(hours=24)
"""How far in the past an endless run with --speed begins."""
_LONGEST: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """Reading i carries the time start + i · rate; the first `backfill` go at once, the others when due."""

    source: str
    seed: int
    start: datetime
    rate: timedelta
    backfill: int
    """Readings sent as fast as the store takes them."""
    live: int | None
    """Readings sent on schedule after that; None: until somebody stops it."""
    speed: float
    faults: tuple[FaultSpec, ...]

    @property
    def total(self) -> int | None:
        """All readings; None for a run without an end."""
        return None if self.live is None else self.backfill + self.live

    def time_ms(self, index: int) -> int:
        """The time that reading `index` carries."""
        return epoch_ms(self.start) + index * (self.rate // timedelta(milliseconds=1))


def plan_simulation(
    now: datetime,
    *,
    rate: timedelta | None = None,
    count: int | None = None,
    duration: timedelta | None = None,
    backfill: timedelta | None = None,
    start: datetime | None = None,
    speed: float = 1.0,
    seed: int = 7,
    source: str = DEFAULT_SOURCE,
    faults: tuple[FaultSpec, ...] = (),
) -> SimulationPlan:
    """Work out start and counts such that no reading is ever ahead of the clock.

    A backfill alone ends when it is done; with a rate, a count or a duration the run goes on live.
    Without `start`, times lie on whole multiples of the rate, so that runs with one seed agree where they
    overlap; with `speed` the run begins as much earlier as it takes to meet the present at its end.
    Raises InvalidInput naming the option.
    """
    check_source(source)
    step = DEFAULT_RATE if rate is None else rate
    if step < timedelta(milliseconds=1):
        raise _wrong("rate", "is less than a millisecond", "Write --rate 10s.")
    if not 0.001 <= speed <= 1_000_000:
        raise _wrong("speed", f"{speed:g} is out of range", "Write --speed 60x.")
    filled = _count_of(backfill, step, "backfill") if backfill is not None else 0
    live = _live_count(step, rate, count, duration, backfill)
    begin = _begin(now, step, filled, live, speed) if start is None else start
    plan = SimulationPlan(source, seed, from_epoch_ms(epoch_ms(begin)), step, filled, live, speed, faults)
    _check_times(plan, now)
    _check_faults(plan)
    return plan


def parse_speed(text: str) -> float:
    """Read `60x` or `60`; raises InvalidInput."""
    try:
        speed = float(text.strip().lower().removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise _wrong("speed", f"{text[:20]!r} is not a speed", "Write --speed 60x.")
    return speed


def _live_count(
    step: timedelta,
    rate: timedelta | None,
    count: int | None,
    duration: timedelta | None,
    backfill: timedelta | None,
) -> int | None:
    if count is not None and duration is not None:
        raise _wrong("count", "and --duration say two different ends", "Give one of them.")
    if count is not None:
        if not 1 <= count <= _LONGEST:
            raise _wrong("count", f"{count} is out of range", "Ask for 1 reading or more.")
        return count
    if duration is not None:
        return _count_of(duration, step, "duration")
    return 0 if backfill is not None and rate is None else None


def _count_of(span: timedelta, step: timedelta, option: str) -> int:
    count = span // step
    if not 1 <= count <= _LONGEST:
        raise _wrong(
            option,
            f"{format_duration(span)} holds {count:,} readings at one each {format_duration(step)}",
            f"Choose 1 to {_LONGEST:,} readings.",
        )
    return count


def _begin(now: datetime, step: timedelta, filled: int, live: int | None, speed: float) -> datetime:
    step_ms = step // timedelta(milliseconds=1)
    present = from_epoch_ms(epoch_ms(now) // step_ms * step_ms)
    if speed <= 1:
        return present - filled * step
    head_start = _CATCHING_UP if live is None else live * step * (1 - 1 / speed)
    return present - (filled + -(-head_start // step)) * step


def _check_times(plan: SimulationPlan, now: datetime) -> None:
    if plan.start > now:
        raise _wrong("start", f"{format_time(plan.start)} lies in the future", "Choose an earlier time.")
    last = plan.time_ms(max(plan.backfill - 1, 0))
    if last > epoch_ms(now):
        raise _wrong(
            "backfill",
            f"from {format_time(plan.start)} on would end in the future",
            "Choose an earlier --start or a shorter --backfill.",
        )


def _check_faults(plan: SimulationPlan) -> None:
    for fault in plan.faults:
        if plan.total is not None and fault.offset >= plan.total * plan.rate:
            raise _wrong(
                "fault",
                f"{fault} begins after the last reading",
                f"The run holds {format_duration(plan.total * plan.rate)} of readings.",
            )


def _wrong(option: str, what: str, hint: str) -> InvalidInput:
    return InvalidInput(f"--{option} {what}.", field=option, hint=hint)
