"""What became of readings, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """What became of readings."""

    judged: int = 0
    anomalous: int = 0
    late: int = 0
    repeated: int = 0
    refused: int = 0
    fitted: int = 0

    def add(self, other: Tally) -> None:
        """Count another part in."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
