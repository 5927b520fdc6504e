"""An entry of a queue, and the order that the server gives to entries."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LETTER_ID = re.compile(rb"\d{1,14}-\d{1,20}(?:-\d{1,2})?")


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One entry of the queue, not yet looked at."""

    id: str
    source: str
    payload: bytes
    origin: str
    letter: str = ""
    """Id of the dead letter that it was; empty for a reading that just came."""
    queue: int = 0
    """Number of the queue that it is in."""

    @property
    def place(self) -> str:
        """Its id and, beside the first, its queue: two queues may give the same id."""
        return f"{self.id}-{self.queue}" if self.queue else self.id

    @property
    def letter_id(self) -> str:
        """The id of its dead letter: the one that it was, or would be."""
        return self.letter or self.place

    @property
    def fields(self) -> dict[bytes, bytes]:
        """What stands in the stream."""
        told = {
            b"source": self.source.encode("utf-8", "replace"),
            b"payload": self.payload,
            b"origin": self.origin.encode("utf-8", "replace"),
        }
        return told | ({b"letter": self.letter.encode()} if self.letter else {})

    @property
    def arrived_ms(self) -> int:
        """When the server took it, epoch ms."""
        return int(self.id.partition("-")[0])


def following_id(entry_id: str) -> str:
    """The smallest id after `entry_id`; Redis 6.0 knows no open ranges of ids."""
    milliseconds, sequence = id_order(entry_id)
    return f"{milliseconds}-{sequence + 1}"


def id_order(entry_id: str) -> tuple[int, int]:
    """Ids as the server orders them."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def entries_by_source(entries: Iterable[QueueEntry]) -> dict[str, list[QueueEntry]]:
    """Entries grouped by source, each in the order they arrived."""
    groups: dict[str, list[QueueEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.source, []).append(entry)
    return groups


def letter_id_of(value: bytes) -> str:
    """The id of a dead letter; what a producer writes there by itself must not reach an address."""
    return value.decode() if _LETTER_ID.fullmatch(value) else ""
