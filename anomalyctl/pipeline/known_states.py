"""How this process left the sources that it judged, so that the next reading need not load a window anew."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from anomalyctl.pipeline.source_parts import SourceState
from anomalyctl.stores.leases import Lease

MOST_SOURCES: Final = 64
"""Some 400 kB each; the one that was judged longest ago goes first."""


class KnownStates:
    """States by source. They hold as long as one drain follows the other under consecutive tokens.

    A token in between was somebody else's, and so was the work; `SourceParts.load_state` checks what it is
    given against Redis besides.
    """

    def __init__(self) -> None:
        self._states: OrderedDict[str, SourceState] = OrderedDict()
        self._late: set[str] = set()
        self._token = -1

    def of(self, source: str, lease: Lease) -> SourceState | None:
        """How the source was left, None where it is not known or may have changed."""
        if lease.token not in (self._token, self._token + 1):
            self._states.clear()
        return self._states.get(source)

    def changed(self, source: str) -> None:
        """Late readings entered the window of a source that is being judged."""
        self._late.add(source)

    def keep(self, source: str, state: SourceState | None) -> None:
        """Remember how a run left its source; None where it failed."""
        self._states.pop(source, None)
        if state is not None and source not in self._late:
            self._states[source] = state
        self._late.discard(source)
        while len(self._states) > MOST_SOURCES:
            self._states.popitem(last=False)

    def drained(self, lease: Lease) -> None:
        """The drain under this lease is over."""
        self._token = lease.token
