"""Which of the lines that a workspace tells are new: they become visible late, and not in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from anomalyctl.operations.logs_lines import LogLine

Arrived = tuple[datetime, LogLine]
_OVERLAP: Final = timedelta(minutes=5)
"""A table may show a line when it shows others already that arrived later: so much is asked for again."""


@dataclass(slots=True)
class News:
    """What was told, by the workspace's own clock: this machine's may be wrong."""

    begin: datetime
    """What arrived before is not asked for."""
    newest: datetime
    told: dict[LogKey, datetime] = field(default_factory=dict)

    @classmethod
    def after(cls, found: Sequence[Arrived], *, begin: datetime) -> News:
        """New is what arrives after these lines; where there are none, after `begin`."""
        newest = max((moment for moment, _ in found), default=begin)
        return cls(newest, newest, {_key(line): moment for moment, line in found})

    @property
    def arrived_after(self) -> datetime:
        """From when on to ask."""
        return max(self.begin, self.newest - _OVERLAP)

    def of(self, found: Sequence[Arrived]) -> Iterator[LogLine]:
        """Those that were not told yet, which are told now."""
        for moment, line in found:
            key = _key(line)
            if key not in self.told:
                self.told[key] = moment
                self.newest = max(self.newest, moment)
                yield line
        forgotten = self.newest - 2 * _OVERLAP
        self.told = {key: moment for key, moment in self.told.items() if moment >= forgotten}


LogKey = tuple[str, str | None, str | None, str | None, str, str | None]


def _key(line: LogLine) -> LogKey:
    # Azure keeps a line twice where its sender was not sure: to a reader that is one.
    return (line.part, line.time, line.level, line.function, line.message, line.trace)
