"""The process' figures as OpenTelemetry's instruments: one look answers for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from anomalyctl.observability.figures import Figure, all_figures
from anomalyctl.observability.names import NAMES

_SAME_LOOK_S: Final = 1.0
"""Each family is asked for by itself; within so long they are answered from one look."""


def observe(
    meter: Meter,
    figures: Callable[[], Sequence[Figure]] = all_figures,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Make one instrument for each family that there may be."""
    look = _Look(figures, clock)
    for family in NAMES:
        if family.kind == "counter":
            meter.create_observable_counter(
                family.name, [look.of(family.name)], unit=family.unit, description=family.help
            )
        else:
            meter.create_observable_gauge(
                family.name, [look.of(family.name)], unit=family.unit, description=family.help
            )


class _Look:
    def __init__(self, figures: Callable[[], Sequence[Figure]], clock: Callable[[], float]) -> None:
        self._figures, self._clock = figures, clock
        self._found: Sequence[Figure] = ()
        self._at = float("-inf")

    def of(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observations(_: CallbackOptions) -> Iterable[Observation]:
            return [
                Observation(value, dict(labels))
                for figure in self._now()
                if figure.name == name
                for labels, value in figure.values
            ]

        return observations

    def _now(self) -> Sequence[Figure]:
        if self._clock() - self._at >= _SAME_LOOK_S:
            self._found, self._at = self._figures(), self._clock()
        return self._found
