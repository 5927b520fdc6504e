"""The same readings to both revisions, each at its own address: what they answer, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from anomalyctl.detection.fusion import fuse
from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.rollout.weighing import Seen, Tally
from anomalyctl.pipeline.detectors import MOST_READINGS, DetectorClient
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.verdicts import TIERS, Tier, Verdict

_MOST_SOURCES: Final = 5
_EXAMPLES: Final = 5
_DAY_MS: Final = 86_400_000


@dataclass
class Probe:
    """Asks both in turn, the old one first and the new one first by turns, so that neither is always warm."""

    store: ReadingStore
    old: DetectorClient
    new: DetectorClient
    seen: Seen = field(default_factory=Seen)
    clock: Callable[[], float] = time.monotonic
    _rounds: int = 0

    def ask(self) -> None:
        """One window of each source, a little further back each round, to both."""
        self._rounds += 1
        try:
            windows = [(source, self._window(source)) for source in sorted(self.store.sources())]
        except AnomalyctlError as error:  # Redis is away for a moment: the next round asks again
            self.seen.trouble = error.message
            return
        for source, window in [one for one in windows if one[1]][:_MOST_SOURCES]:
            self._compare(source, window)

    def _window(self, source: str) -> list[tuple[int, bytes]]:
        newest = self.store.newest_ms(source)
        if newest is None:
            return []
        # A step of two thirds of a window: over the rounds the whole day comes by.
        step_ms = self._rounds * MOST_READINGS * 2 // 3 * 10_000
        end = newest - step_ms % _DAY_MS
        found = self.store.window(source, end - MOST_READINGS * 10_000, end, MOST_READINGS)
        return found or self.store.window(source, newest - MOST_READINGS * 10_000, newest, MOST_READINGS)

    def _compare(self, source: str, window: Sequence[tuple[int, bytes]]) -> None:
        sides = [(self.old, self.seen.old), (self.new, self.seen.new)]
        if self._rounds % 2:
            sides.reverse()
        answers: dict[int, list[dict[Tier, Verdict]] | None] = {}
        for client, tally in sides:
            answers[id(tally)] = self._verdicts(client, tally, source, [payload for _, payload in window])
        old, new = answers[id(self.seen.old)], answers[id(self.seen.new)]
        if old is None or new is None:
            return
        for at in range(1, max(len(old), len(new)) + 1):
            self.seen.compared += 1
            if at <= min(len(old), len(new)) and _concludes(old[-at]) == _concludes(new[-at]):
                continue
            self.seen.different += 1
            if len(self.seen.examples) < _EXAMPLES:
                self.seen.examples.append(f"{source}:{window[-at][0]}" if at <= len(window) else source)

    def _verdicts(
        self, client: DetectorClient, tally: Tally, source: str, payloads: Sequence[bytes]
    ) -> list[dict[Tier, Verdict]] | None:
        """Verdicts on the second half of the window, or None where a tier failed."""
        last = max(1, len(payloads) // 2)
        by_tier: dict[Tier, Sequence[Verdict]] = {}
        for tier in TIERS:
            tally.requests += 1
            begun = self.clock()
            try:
                by_tier[tier] = client.judge(tier, source, payloads, {}, last=last).verdicts
            except AnomalyctlError as error:
                tally.failures += 1
                tally.said = error.message
            else:
                tally.seconds.append(self.clock() - begun)
        if len(by_tier) < len(TIERS):
            return None
        count = min(len(verdicts) for verdicts in by_tier.values())
        return [{tier: by_tier[tier][-count:][at] for tier in TIERS} for at in range(count)]


def _concludes(verdicts: dict[Tier, Verdict]) -> tuple[object, ...]:
    """What an operator would see of it."""
    fused = fuse(verdicts)
    return (fused.final_status, *fused.tags[:1])
