"""Computed results, kept for their next pages as long as nothing that they depend on has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from anomalyctl.local.cosmos.query.sorting import Sorted

T = TypeVar("T", Sorted, list[bytes])

_MOST = 8
_MOST_BYTES = 64 * 1_048_576
_ROW_BYTES = 200
"""Roughly what a row costs beside its result."""


class KeptResults:
    """The last few results, by keys that say all they depend on. For several threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, Sorted | list[bytes]]] = OrderedDict()
        self._lock = threading.Lock()

    def get_or_compute(self, key: Hashable, compute: Callable[[], T], *, first_page: bool) -> T:
        """What was kept under this key, or what `compute` gives; beyond eight or 64 MB the oldest go.

        A first page is always computed: items may have expired since.
        """
        with self._lock:
            if key in self._kept and not first_page:
                self._kept.move_to_end(key)
                return self._kept[key][1]  # type: ignore[return-value]
        results = compute()
        with self._lock:
            self._kept[key] = (sum(map(_size, results)), results)
            while len(self._kept) > _MOST or sum(size for size, _ in self._kept.values()) > _MOST_BYTES:
                self._kept.popitem(last=False)
        return results


def _size(result: bytes | tuple[tuple[bytes, ...], int, bytes]) -> int:
    return len(result if isinstance(result, bytes) else result[2]) + _ROW_BYTES
