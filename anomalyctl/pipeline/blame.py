"""A reading that all detectors refuse: is it the reading, or is it the detectors?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from anomalyctl.errors import AnomalyctlError, Transient
from anomalyctl.pipeline.intake import Refusal, Row
from anomalyctl.pipeline.source_parts import SourceParts, SourceState
from anomalyctl.resilience.manner import in_background
from anomalyctl.stores.readings.queue import QueueEntry

_NEIGHBOURS: Final = 3
"""So many others are tried before a refusal counts against a reading."""


def refuse_or_raise(
    parts: SourceParts, state: SourceState, row: Row, error: AnomalyctlError, *, others: Sequence[Row] = ()
) -> None:
    """Make a dead letter of the reading. Raises Transient where the detectors refuse others too."""
    neighbours = [other.payload for other in others if other is not row]
    if not _accepts_any(parts, [*list(state.context)[-1:], *neighbours[:_NEIGHBOURS]]):
        raise Transient(f"The detectors refuse whatever they are sent: {error.message}") from error
    entry = QueueEntry(row.entry_id, parts.source, row.payload, row.origin, row.letter, row.queue)
    reason = f"no detector could judge it: {error.message}"
    field = str(error.details.get("field", ""))
    with in_background():
        parts.keeper.refuse(parts.source, [Refusal(entry, reason, field, "unjudged")])


def _accepts_any(parts: SourceParts, payloads: Sequence[bytes]) -> bool:
    return any(parts.detectors.judge_all(parts.source, [each], {}, last=1).by_tier for each in payloads)
