"""Request units: an estimate of what Cosmos charges, and the bound that turns too many into 429.

The figures are the published ones for small items (1 RU to read 1 kB, some 5.5 to write it), stretched
over the size.
"""

from __future__ import annotations

from anomalyctl.local.cosmos.failures import throttled

_KB = 1024


def read_charge(size: int) -> float:
    """Request units of a point read of `size` bytes."""
    return round(1.0 + max(size / _KB - 1, 0) * 0.09, 2)


def write_charge(size: int) -> float:
    """Request units of a write of `size` bytes."""
    return round(5.5 + max(size / _KB - 1, 0) * 0.45, 2)


def query_charge(rows: int, size: int) -> float:
    """Request units of a page of `rows` results and `size` bytes."""
    return round(2.3 + rows * 0.2 + size / _KB * 0.05, 2)


class Throughput:
    """Request units per second, as Cosmos bounds them: a second that is used up refuses until the next one.

    `per_second` None means no bound.
    """

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._second = 0
        self._spent = 0.0

    def admit(self, now: float) -> None:
        """Raise the 429 failure of a second that is used up. `now` is epoch seconds."""
        if int(now) != self._second:
            # What one large request overdrew is still owed in the next second.
            # A clock that was set back is a second like any other.
            owed = self._spent - (self._per_second or 0) * max(1, int(now) - self._second)
            self._second, self._spent = int(now), max(owed, 0.0)
        if self._per_second is not None and self._spent >= self._per_second:
            raise throttled(max(int((self._second + 1 - now) * 1000), 1))

    def spend(self, charge: float) -> None:
        """Book what a request has used."""
        self._spent += charge
