"""From a window to verdict documents: three calls side by side, then fusion."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from anomalyctl.errors import AnomalyctlError, SignInFailed, TimedOut, Transient
from anomalyctl.observability.traces import span
from anomalyctl.pipeline.detectors import MOST_BYTES, MOST_READINGS, Answers, TierAnswer
from anomalyctl.pipeline.documents import verdict_document
from anomalyctl.pipeline.intake import Row
from anomalyctl.telemetry.verdicts import TIERS, Memory, Tier

logger = logging.getLogger(__name__)


class Detectors(Protocol):
    """What is needed of `DetectorClient`."""

    def judge(
        self,
        tier: Tier,
        source: str,
        readings: Sequence[bytes],
        memory: Memory | None = None,
        *,
        last: int | None = 1,
        late: bool = False,
    ) -> TierAnswer:
        """One tier; raises what it failed with."""

    def judge_all(
        self,
        source: str,
        readings: Sequence[bytes],
        memories: Mapping[Tier, Memory],
        *,
        last: int | None = 1,
        late: bool = False,
    ) -> Answers:
        """All three tiers; see `Answers.failures`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdict documents of a chunk in its order, and the memories of the tiers that answered."""

    documents: list[dict[str, Any]]
    memories: dict[Tier, Memory]


def judge_rows(
    detectors: Detectors,
    source: str,
    context: Iterable[bytes],
    rows: Sequence[Row],
    memories: Mapping[Tier, Memory],
    *,
    late: bool,
    now: datetime,
) -> Judged:
    """Judge `rows` after `context` (payloads before them, oldest first).

    A tier that fails is left out and named in the documents. Raises the failure when no tier answers:
    Transient, TimedOut or SignInFailed when it may heal, InvalidInput when these rows are at fault.
    """
    window = _window(context, rows)
    answers = detectors.judge_all(source, window, memories, last=len(rows), late=late)
    failures = dict(answers.failures)
    by_tier = {}
    for tier, answer in answers.by_tier.items():
        if len(answer.verdicts) == len(rows):
            by_tier[tier] = answer
        else:
            failures[tier] = Transient(
                f"The {tier} detector gave {len(answer.verdicts)} verdicts on {len(rows)} readings."
            )
    if not by_tier:
        failure = _worst(failures)
        if len(rows) == 1 and len(window) > 1 and not may_heal(failure):
            # A reading is not to blame for what stands before it in the window.
            return judge_rows(detectors, source, (), rows, memories, late=late, now=now)
        raise failure
    for tier, failure in failures.items():
        logger.warning(
            "%s: judged without the %s tier: %s",
            source,
            tier,
            failure.message,
            extra={"tier": tier, "code": failure.code},
        )
    with span("fuse"):
        documents = [
            verdict_document(
                row.reading,
                {tier: answer.verdicts[index] for tier, answer in by_tier.items()},
                origin=row.origin,
                late=row.late or late,
                judged_at=now,
            )
            for index, row in enumerate(rows)
        ]
    newest = rows[-1].ms
    return Judged(documents, {tier: {**answer.memory, "as_of": newest} for tier, answer in by_tier.items()})


def may_heal(error: AnomalyctlError) -> bool:
    """Whether trying again later may help; otherwise the reading itself is at fault."""
    return isinstance(error, Transient | TimedOut | SignInFailed)


def _window(context: Iterable[bytes], rows: Sequence[Row]) -> list[bytes]:
    """The rows after as much of their context as one request holds."""
    own = [row.payload for row in rows]
    before: list[bytes] = []
    room = MOST_BYTES - sum(map(len, own))
    for payload in list(context)[::-1][: MOST_READINGS - len(own)]:
        room -= len(payload)
        if room < 0:
            break
        before.append(payload)
    return [*before[::-1], *own]


def _worst(failures: Mapping[Tier, AnomalyctlError]) -> AnomalyctlError:
    # As long as one tier may come back, nothing is known against the readings.
    ordered = [failures[tier] for tier in TIERS if tier in failures]
    return next((failure for failure in ordered if may_heal(failure)), ordered[0])
