"""One row of a recording, whatever file it stood in."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.errors import ReadingRefused


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values by column, the time under `timestamp`, or why it cannot be read."""

    line: int
    values: dict[str, object]
    refusal: ReadingRefused | None = None
