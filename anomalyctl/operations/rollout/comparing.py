"""The watch: rounds of probes to both revisions, what Azure tells of the real traffic, and the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from anomalyctl.operations.progress import Progress
from anomalyctl.operations.rollout.real_traffic import RealTraffic
from anomalyctl.operations.rollout.weighing import ENOUGH, Seen, Weighed, is_hopeless, weigh

_ROUND_S: Final = 15.0
_ROUNDS: Final = 10
"""At least so many, however short the watch is."""
_LATER_S: Final = 60.0
"""So much longer it may take until enough was asked to say anything."""
_SHORTEST_PAUSE_S: Final = 0.2


class Watching(Protocol):
    """What is needed of `Probe`."""

    seen: Seen

    def ask(self) -> None:
        """One round to both revisions."""


class WatchingTraffic(Protocol):
    """What is needed of `RealTrafficReader`."""

    def look(self) -> RealTraffic:
        """What is known by now."""


MakeProbe = Callable[[str, str], Watching]
"""From the addresses of the old and the new revision."""
MakeRealTraffic = Callable[[str, str], WatchingTraffic]
"""From their names."""


class NoRealTraffic:
    """Where nobody tells of it."""

    def __init__(self, old: str, new: str) -> None:
        self._none = RealTraffic(reason="Azure Monitor was not asked")

    def look(self) -> RealTraffic:
        """Nothing, with the reason."""
        return self._none


def compare(
    probe: Watching,
    real: WatchingTraffic,
    *,
    length_s: float,
    different: float,
    progress: Progress,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Weighed:
    """Watch for `length_s`, a little longer where too little was asked by then, less where it is hopeless."""
    begun = clock()
    while True:
        gone = clock() - begun
        told = real.look()
        if is_hopeless(probe.seen, told):
            break
        left = length_s - gone
        if left <= 0 and (probe.seen.new.requests >= ENOUGH or gone >= length_s + _LATER_S):
            break
        probe.ask()
        progress.advance(round(min(gone, length_s)), round(length_s), _glance(probe.seen, told))
        left = length_s - (clock() - begun)
        pause = min(_ROUND_S, length_s / _ROUNDS, left) if left > 0 else 0.0
        sleep(max(pause, _SHORTEST_PAUSE_S))
    return weigh(probe.seen, real.look(), different=different)


def _glance(seen: Seen, told: RealTraffic) -> str:
    text = (
        f"{seen.new.requests} probes, {seen.new.failures} failed, "
        f"{seen.different} of {seen.compared} conclusions differ"
    )
    if told.new is not None and told.new.requests:
        text += f"; {told.new.requests:,} requests, {told.new.failures:,} failed"
    return text
