"""The queue `telemetry:readings` and its consumer group `verdicts`, in commands that Redis 6.0 knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anomalyctl.stores.connections import redis_errors
from anomalyctl.stores.readings.keys import GROUP, READINGS
from anomalyctl.telemetry.readings import DEFAULT_SOURCE

if TYPE_CHECKING:
    import redis

_CHUNK = 1_000
_ENTRY_ID = re.compile(rb"\d{1,14}-\d{1,20}")

# A full Redis refuses XGROUP CREATE, unless it follows a write that makes nothing grow.
_CREATE_GROUP = """
redis.call('XDEL', KEYS[1], '0-1')
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if type(made) == 'table' and made.err and not string.find(made.err, 'BUSYGROUP') then return made end
return 1
"""

# Deleting a consumer drops what is pending for it, so the look and the deed must be one step.
_DELETE_IDLE_CONSUMERS = """
local deleted = 0
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local fields = {}
  for i = 1, #consumer, 2 do fields[consumer[i]] = consumer[i + 1] end
  if fields['pending'] == 0 and fields['name'] ~= ARGV[2] and fields['idle'] >= tonumber(ARGV[3]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fields['name'])
    deleted = deleted + 1
  end
end
return deleted
"""

# Counted where the entries are: the answer is two words, not the payloads.
_COUNT_FROM = """
local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
if #entries == 0 then return {0, ''} end
return {#entries, entries[#entries][1]}
"""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One entry of the queue, not yet looked at."""

    id: str
    source: str
    payload: bytes
    origin: str
    letter: str = ""
    """Id of the dead letter that it was; empty for a reading that just came."""

    @property
    def arrived_ms(self) -> int:
        """When the server took it, epoch ms."""
        return int(self.id.partition("-")[0])


class ReadingQueue:
    """Deliver entries at least once: what is read stays pending until it is acknowledged."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client
        self._create_group = self._client.register_script(_CREATE_GROUP)
        self._delete_idle = self._client.register_script(_DELETE_IDLE_CONSUMERS)
        self._count_from = self._client.register_script(_COUNT_FROM)

    @redis_errors()
    def create_group(self) -> None:
        """Create the group at the queue's beginning, also in a full Redis; nothing happens when it exists."""
        if self.last_delivered_id() is None:
            self._create_group(keys=[READINGS], args=[GROUP])

    @redis_errors()
    def put_back(self, source: str, payload: bytes, *, origin: str, letter: str) -> str:
        """Queue a dead letter again; returns the id of its new entry."""
        fields = {"source": source, "payload": payload, "origin": origin, "letter": letter}
        return str(self._client.xadd(READINGS, fields).decode())

    @redis_errors()
    def read_new(self, consumer: str, count: int) -> list[QueueEntry]:
        """Up to `count` entries that nobody has read; they are pending for `consumer` from now on."""
        answer = self._client.xreadgroup(GROUP, consumer, {READINGS: ">"}, count=count)
        return [_entry(*row) for _, rows in answer or [] for row in rows]

    @redis_errors()
    def take_over(
        self, consumer: str, count: int, *, after: str = "-"
    ) -> tuple[list[QueueEntry], str | None]:
        """Claim up to `count` pending entries, whoever they are pending for, in the order they arrived.

        Only the holder of the lease may call this: then whoever read them has died or handed them back.
        Returns the entries and where to go on (`after` of the next call), None at the end.
        Entries that were removed meanwhile are acknowledged and left out.
        """
        pending = self._client.xpending_range(READINGS, GROUP, min=after, max="+", count=count)
        if not pending:
            return [], None
        ids = [row["message_id"].decode() for row in pending]
        rows = self._client.xclaim(READINGS, GROUP, consumer, min_idle_time=0, message_ids=ids)
        entries = [_entry(*row) for row in rows if row[0] is not None and row[1] is not None]
        gone = set(ids) - {entry.id for entry in entries}
        if gone:
            self._client.xack(READINGS, GROUP, *gone)
        return entries, following_id(ids[-1]) if len(ids) == count else None

    @redis_errors()
    def acknowledge(self, ids: Sequence[str]) -> None:
        """Say that these entries are done with: judged and written, refused, or repeats."""
        if ids:
            self._client.xack(READINGS, GROUP, *ids)

    @redis_errors()
    def remove_acknowledged(self) -> int:
        """Delete the entries that the group has acknowledged; returns how many.

        An entry is acknowledged when it was delivered (not after the group's last delivered id) and is
        not pending. The trigger's own group does not count.
        """
        last = self.last_delivered_id()
        if last is None:
            return 0
        removed, start = 0, "-"
        while True:
            ids = [row[0].decode() for row in self._client.xrange(READINGS, start, last, count=_CHUNK)]
            if not ids:
                return removed
            done = set(ids) - self._pending_between(ids[0], ids[-1])
            if done:
                removed += int(self._client.xdel(READINGS, *done))
            start = following_id(ids[-1])

    @redis_errors()
    def oldest_unprocessed(self, count: int) -> list[QueueEntry]:
        """Up to `count` entries without an acknowledgement, oldest first, read or not; none is claimed."""
        last = self.last_delivered_id()
        found: list[QueueEntry] = []
        if last is not None:
            pending = self._client.xpending_range(READINGS, GROUP, min="-", max="+", count=count)
            ids = [row["message_id"].decode() for row in pending]
            rows = [row for each in ids for row in self._client.xrange(READINGS, each, each)]
            found = [_entry(*row) for row in rows]
            if len(ids) == count:
                return found
        start = "-" if last is None else following_id(last)
        rows = self._client.xrange(READINGS, start, "+", count=count - len(found))
        return [*found, *(_entry(*row) for row in rows)]

    @redis_errors()
    def remove(self, ids: Sequence[str]) -> None:
        """Take entries out of the queue, acknowledged or not. Allowed when memory is full."""
        if ids:
            self._client.xdel(READINGS, *ids)
            if self.last_delivered_id() is not None:
                self._client.xack(READINGS, GROUP, *ids)

    @redis_errors()
    def delete_idle_consumers(self, *, but: str, idle_s: float) -> int:
        """Forget consumers with nothing pending that were quiet for `idle_s`; returns how many."""
        if self.last_delivered_id() is None:
            return 0
        return int(self._delete_idle(keys=[READINGS], args=[GROUP, but, int(idle_s * 1000)]))

    @redis_errors()
    def last_delivered_id(self) -> str | None:
        """Id of the last entry that the group has read, None without a group."""
        from redis.exceptions import ResponseError

        try:
            groups = self._client.xinfo_groups(READINGS)
        except ResponseError:
            return None  # no queue yet
        for group in groups:
            if group["name"].decode() == GROUP:
                return str(group["last-delivered-id"].decode())
        return None

    @redis_errors()
    def last_arrival_ms(self) -> int | None:
        """When the newest entry that there ever was arrived, epoch ms, also where it was removed since."""
        from redis.exceptions import ResponseError

        try:
            last = self._client.xinfo_stream(READINGS)["last-generated-id"].decode()
        except ResponseError:
            return None  # no queue yet
        return int(last.partition("-")[0]) or None

    @redis_errors()
    def holds_after(self, entry_id: str) -> bool:
        """Whether anything was queued after that entry; one word, however much it is."""
        return bool(self._client.xrange(READINGS, following_id(entry_id), "+", count=1))

    @redis_errors()
    def pending(self) -> tuple[int, str | None]:
        """How many entries are read but not acknowledged, and the id of the oldest."""
        if self.last_delivered_id() is None:
            return 0, None
        summary = self._client.xpending(READINGS, GROUP)
        oldest = summary["min"]
        return int(summary["pending"]), oldest.decode() if oldest else None

    @redis_errors()
    def queued(self) -> tuple[int, str | None]:
        """How many entries nobody has read, and the id of the oldest."""
        last = self.last_delivered_id()
        start = "-" if last is None else following_id(last)
        first = self._client.xrange(READINGS, start, "+", count=1)
        total = 0
        while True:
            count, end = self._count_from(keys=[READINGS], args=[start, _CHUNK])
            total += int(count)
            if int(count) < _CHUNK:
                return total, first[0][0].decode() if first else None
            start = following_id(end.decode())

    def _pending_between(self, first: str, last: str) -> set[str]:
        found: set[str] = set()
        start = first
        while True:
            rows = self._client.xpending_range(READINGS, GROUP, min=start, max=last, count=_CHUNK)
            found.update(row["message_id"].decode() for row in rows)
            if len(rows) < _CHUNK:
                return found
            start = following_id(rows[-1]["message_id"].decode())


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


def _entry(entry_id: bytes, fields: dict[bytes, bytes]) -> QueueEntry:
    return QueueEntry(
        id=entry_id.decode(),
        source=fields.get(b"source", DEFAULT_SOURCE.encode()).decode("utf-8", "replace"),
        payload=fields.get(b"payload", b""),
        origin=fields.get(b"origin", b"live").decode("utf-8", "replace"),
        letter=_letter_id(fields.get(b"letter", b"")),
    )


def _letter_id(value: bytes) -> str:
    """What a producer writes there by itself must not reach an address."""
    return value.decode() if _ENTRY_ID.fullmatch(value) else ""
