"""What is kept of a span: the 24 h window in Redis, and before it the readings beside their verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from anomalyctl.operations.connections import Connections
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.times import epoch_ms, from_epoch_ms, parse_time
from anomalyctl.telemetry.validation import encode_reading

_WARM_UP = 120


@dataclass(frozen=True, slots=True)
class KeptReading:
    """A reading that can be judged again."""

    reading: Reading
    payload: bytes
    origin: str
    late: bool = False
    status: str | None = None
    """The kept verdict's `final_status`; None where there is none (yet)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The readings of a span, oldest first, one a millisecond, and up to 120 before it."""

    readings: list[KeptReading]
    before: list[KeptReading]
    from_window: int


def kept_readings(connections: Connections, source: str, start: datetime, end: datetime) -> Kept:
    """Readings of one source from `start` (included) to `end` (not included).

    The window wins where both hold a reading; what in it does not validate is skipped.
    """
    from_ms, to_ms = epoch_ms(start), epoch_ms(end) - 1
    judged = _from_verdicts(connections, source, start, end)
    window = _from_window(connections, source, from_ms, to_ms, judged)
    found = judged | window
    before = _from_window(connections, source, 0, from_ms - 1, {}, limit=_WARM_UP)
    if len(before) < _WARM_UP:
        # Beyond the window the readings before the span are beside their verdicts, too: judged cold, the
        # first readings of the span would get other verdicts than in passing.
        cadence_s = connections.readings.load_registry(source).cadence_s
        since = start - timedelta(seconds=2 * _WARM_UP * cadence_s)
        before = _from_verdicts(connections, source, since, start) | before
    return Kept(
        readings=[found[ms] for ms in sorted(found)],
        before=[before[ms] for ms in sorted(before)[-_WARM_UP:]],
        from_window=len(window),
    )


def kept_sources(connections: Connections, start: datetime, end: datetime) -> list[str]:
    """Every source with a window, or with verdicts in the span, in alphabetical order."""
    judged = connections.anomalies.sources(start, end)
    return sorted({*connections.readings.sources(), *judged})


def _from_verdicts(
    connections: Connections, source: str, start: datetime, end: datetime
) -> dict[int, KeptReading]:
    found: dict[int, KeptReading] = {}
    for document in connections.anomalies.verdicts(source, start, end):
        values = {tag: float(value) for tag, value in document["raw_data"].items() if tag != "timestamp"}
        reading = Reading(source, parse_time(document["timestamp"]), values)
        found[epoch_ms(reading.timestamp)] = KeptReading(
            reading,
            encode_reading(reading),
            document.get("origin", "live"),
            bool(document.get("explanation", {}).get("late")),
            document["final_status"],
        )
    return found


def _from_window(
    connections: Connections,
    source: str,
    from_ms: int,
    to_ms: int,
    judged: dict[int, KeptReading],
    *,
    limit: int | None = None,
) -> dict[int, KeptReading]:
    from anomalyctl.pipeline.intake import valid_rows

    store = connections.readings
    bound = store.windows.count(source, from_ms, to_ms) if limit is None else limit
    if not bound:
        return {}
    rows = valid_rows(
        store.window(source, from_ms, to_ms, bound),
        source=source,
        registry=store.load_registry(source),
        now=from_epoch_ms(to_ms),
    )
    simulated = store.windows.simulated(source, from_ms, to_ms)
    found: dict[int, KeptReading] = {}
    for ms, payload, reading in rows:
        known = judged.get(ms)
        found[ms] = KeptReading(
            reading,
            payload,
            known.origin if known else ("simulated" if ms in simulated else "live"),
            known.late if known else False,
            known.status if known else None,
        )
    return found
