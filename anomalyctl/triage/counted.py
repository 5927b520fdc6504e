"""Which readings an episode has counted, exactly, in a few bytes each, so that none is counted twice."""

from __future__ import annotations

import base64
import sys
import zlib
from array import array
from collections.abc import Iterable
from typing import Final

HORIZON_MS: Final = 24 * 3600 * 1000
"""How far before its newest member the set remembers; older readings are taken for counted.

The window of readings reaches no further back either, so nothing older is judged for the first time.
"""


class CountedReadings:
    """A set of reading times in milliseconds, kept as text: deltas of the sorted times, compressed.

    Readings on a steady cadence compress to a few dozen bytes a day, irregular ones to about 3 bytes each.

    >>> counted = CountedReadings([1000, 11000])
    >>> 1000 in counted, 2000 in counted
    (True, False)
    >>> CountedReadings.from_text(counted.to_text()).times == counted.times
    True
    """

    def __init__(self, times: Iterable[int] = ()) -> None:
        self.times = set(times)
        self._newest = max(self.times, default=0)
        self._forget()

    def __contains__(self, ms: int) -> bool:
        return ms in self.times or (bool(self.times) and ms < self._newest - HORIZON_MS)

    def __len__(self) -> int:
        return len(self.times)

    def add(self, ms: int) -> None:
        """Remember one more."""
        self.times.add(ms)
        self._newest = max(self._newest, ms)

    def to_text(self) -> str:
        """For the document; `from_text` is its inverse."""
        self._forget()
        times = sorted(self.times)
        deltas = array("q", (later - earlier for earlier, later in zip([0, *times], times, strict=False)))
        if sys.byteorder == "big":
            deltas.byteswap()
        return base64.b64encode(zlib.compress(deltas.tobytes(), 9)).decode()

    @classmethod
    def from_text(cls, text: str) -> CountedReadings:
        """Read what `to_text` wrote; "" is the empty set."""
        if not text:
            return cls()
        deltas = array("q")
        deltas.frombytes(zlib.decompress(base64.b64decode(text)))
        if sys.byteorder == "big":
            deltas.byteswap()
        times, now = [], 0
        for delta in deltas:
            now += delta
            times.append(now)
        return cls(times)

    def _forget(self) -> None:
        self.times = {ms for ms in self.times if ms >= self._newest - HORIZON_MS}
