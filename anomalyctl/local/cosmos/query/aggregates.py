"""COUNT, SUM, AVG, MIN and MAX over the rows of a group."""

from __future__ import annotations

from typing import Any

from anomalyctl.local.cosmos.query.values import UNDEFINED, kind, sort_key

_NUMBER, _ARRAY = kind(1), kind([])


class Accumulator:
    """One aggregate of one group: undefined takes no part; a wrong type makes the whole undefined."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._sum: float = 0
        self._best: Any = UNDEFINED
        self._spoilt = False

    def add(self, value: Any) -> None:
        """Take one row's value."""
        if value is UNDEFINED:
            return
        self._count += 1
        if self._name in ("SUM", "AVG"):
            if kind(value) == _NUMBER:
                self._sum += value
            else:
                self._spoilt = True
        elif self._name in ("MIN", "MAX"):
            self._spoilt = self._spoilt or kind(value) >= _ARRAY
            if self._best is UNDEFINED or (sort_key(value) < sort_key(self._best)) == (self._name == "MIN"):
                self._best = value

    def result(self) -> Any:
        """What the rows amount to."""
        if self._name == "COUNT":
            return self._count
        if self._spoilt:
            return UNDEFINED
        if self._name == "SUM":
            return self._sum
        if self._name == "AVG":
            return self._sum / self._count if self._count else UNDEFINED
        return self._best
