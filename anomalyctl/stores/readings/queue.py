"""A queue, `telemetry:readings` or one beside it, and its group `verdicts`, in commands of Redis 6.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anomalyctl.resilience.manner import once
from anomalyctl.stores.readings.entries import (
    QueueEntry,
    entries_by_source,
    following_id,
    id_order,
    letter_id_of,
)
from anomalyctl.stores.readings.keys import GROUP, queue_key
from anomalyctl.stores.readings.places import Places
from anomalyctl.stores.redis_errors import redis_errors
from anomalyctl.telemetry.readings import DEFAULT_SOURCE

if TYPE_CHECKING:
    import redis

__all__ = ["QueueEntry", "ReadingQueue", "entries_by_source", "following_id", "id_order"]
_CHUNK = 1_000

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


class ReadingQueue:
    """Deliver entries at least once: what is read stays pending until it is acknowledged."""

    def __init__(self, client: redis.Redis, number: int = 0) -> None:
        self._client: Any = client
        self.number = number
        self.key = queue_key(number)
        self._places = Places(client)
        self._create_group = self._client.register_script(_CREATE_GROUP)
        self._delete_idle = self._client.register_script(_DELETE_IDLE_CONSUMERS)
        self._count_from = self._client.register_script(_COUNT_FROM)

    @redis_errors()
    def create_group(self) -> None:
        """Create the group at the queue's beginning, also in a full Redis; nothing happens when it exists."""
        if self.last_delivered_id() is None:
            self._create_group(keys=[self.key], args=[GROUP])

    @once()
    @redis_errors()
    def put_back(self, source: str, payload: bytes, *, origin: str, letter: str) -> str:
        """Queue a dead letter again, wherever its source's readings are; returns the id of its new entry."""
        fields = {"source": source, "payload": payload, "origin": origin, "letter": letter}
        entered = self._places.enter(source, lambda pipe, key: pipe.xadd(key, fields))
        return str(entered[0].decode())

    @once()
    @redis_errors()
    def read_new(self, consumer: str, count: int) -> list[QueueEntry]:
        """Up to `count` entries that nobody has read; they are pending for `consumer` from now on.

        Never asked again by itself: where the answer is lost, older ones are pending that must come first.
        """
        answer = self._client.xreadgroup(GROUP, consumer, {self.key: ">"}, count=count)
        return [self._entry(*row) for _, rows in answer or [] for row in rows]

    @redis_errors()
    def take_over(
        self, consumer: str, count: int, *, after: str = "-"
    ) -> tuple[list[QueueEntry], str | None]:
        """Claim up to `count` pending entries, whoever they are pending for, in the order they arrived.

        Only the holder of the lease may call this: then whoever read them has died or handed them back.
        Returns the entries and where to go on (`after` of the next call), None at the end.
        Entries that were removed meanwhile are acknowledged and left out.
        """
        pending = self._client.xpending_range(self.key, GROUP, min=after, max="+", count=count)
        if not pending:
            return [], None
        ids = [row["message_id"].decode() for row in pending]
        rows = self._client.xclaim(self.key, GROUP, consumer, min_idle_time=0, message_ids=ids)
        entries = [self._entry(*row) for row in rows if row[0] is not None and row[1] is not None]
        gone = set(ids) - {entry.id for entry in entries}
        if gone:
            self._client.xack(self.key, GROUP, *gone)
        return entries, following_id(ids[-1]) if len(ids) == count else None

    @redis_errors()
    def acknowledge(self, ids: Sequence[str]) -> None:
        """Say that these entries are done with: judged and written, refused, or repeats."""
        if ids:
            self._client.xack(self.key, GROUP, *ids)

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
            ids = [row[0].decode() for row in self._client.xrange(self.key, start, last, count=_CHUNK)]
            if not ids:
                return removed
            done = set(ids) - self._pending_between(ids[0], ids[-1])
            if done:
                removed += int(self._client.xdel(self.key, *done))
            start = following_id(ids[-1])

    @redis_errors()
    def oldest_unprocessed(self, count: int) -> list[QueueEntry]:
        """Up to `count` entries without an acknowledgement, oldest first, read or not; none is claimed."""
        last = self.last_delivered_id()
        found: list[QueueEntry] = []
        if last is not None:
            pending = self._client.xpending_range(self.key, GROUP, min="-", max="+", count=count)
            ids = [row["message_id"].decode() for row in pending]
            rows = [row for each in ids for row in self._client.xrange(self.key, each, each)]
            found = [self._entry(*row) for row in rows]
            if len(ids) == count:
                return found
        start = "-" if last is None else following_id(last)
        rows = self._client.xrange(self.key, start, "+", count=count - len(found))
        return [*found, *(self._entry(*row) for row in rows)]

    @redis_errors()
    def remove(self, ids: Sequence[str]) -> None:
        """Take entries out of the queue, acknowledged or not. Allowed when memory is full."""
        if ids:
            self._client.xdel(self.key, *ids)
            if self.last_delivered_id() is not None:
                self._client.xack(self.key, GROUP, *ids)

    @redis_errors()
    def delete_idle_consumers(self, *, but: str, idle_s: float) -> int:
        """Forget consumers with nothing pending that were quiet for `idle_s`; returns how many."""
        if self.last_delivered_id() is None:
            return 0
        return int(self._delete_idle(keys=[self.key], args=[GROUP, but, int(idle_s * 1000)]))

    @redis_errors()
    def last_delivered_id(self) -> str | None:
        """Id of the last entry that the group has read, None without a group."""
        from redis.exceptions import ResponseError

        try:
            groups = self._client.xinfo_groups(self.key)
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
            last = self._client.xinfo_stream(self.key)["last-generated-id"].decode()
        except ResponseError:
            return None  # no queue yet
        return int(last.partition("-")[0]) or None

    @redis_errors()
    def holds_after(self, entry_id: str) -> bool:
        """Whether anything was queued after that entry; one word, however much it is."""
        return bool(self._client.xrange(self.key, following_id(entry_id), "+", count=1))

    @redis_errors()
    def pending(self) -> tuple[int, str | None]:
        """How many entries are read but not acknowledged, and the id of the oldest."""
        if self.last_delivered_id() is None:
            return 0, None
        summary = self._client.xpending(self.key, GROUP)
        oldest = summary["min"]
        return int(summary["pending"]), oldest.decode() if oldest else None

    @redis_errors()
    def queued(self) -> tuple[int, str | None]:
        """How many entries nobody has read, and the id of the oldest."""
        last = self.last_delivered_id()
        start = "-" if last is None else following_id(last)
        first = self._client.xrange(self.key, start, "+", count=1)
        total = 0
        while True:
            count, end = self._count_from(keys=[self.key], args=[start, _CHUNK])
            total += int(count)
            if int(count) < _CHUNK:
                return total, first[0][0].decode() if first else None
            start = following_id(end.decode())

    @redis_errors()
    def is_done_until(self, entry_id: str) -> bool:
        """Whether the group has acknowledged all there was up to an entry. Once it has, it stays so."""
        last = self.last_delivered_id()
        # What nobody has read first: an entry only ever goes from there to the pending ones.
        start = "-" if last is None else following_id(last)
        unread = last is None or id_order(last) < id_order(entry_id)
        if unread and self._client.xrange(self.key, start, entry_id, count=1):
            return False
        return last is None or not self._client.xpending_range(
            self.key, GROUP, min="-", max=entry_id, count=1
        )

    def _entry(self, entry_id: bytes, fields: dict[bytes, bytes]) -> QueueEntry:
        return QueueEntry(
            id=entry_id.decode(),
            source=fields.get(b"source", DEFAULT_SOURCE.encode()).decode("utf-8", "replace"),
            payload=fields.get(b"payload", b""),
            origin=fields.get(b"origin", b"live").decode("utf-8", "replace"),
            letter=letter_id_of(fields.get(b"letter", b"")),
            queue=self.number,
        )

    def _pending_between(self, first: str, last: str) -> set[str]:
        found: set[str] = set()
        start = first
        while True:
            rows = self._client.xpending_range(self.key, GROUP, min=start, max=last, count=_CHUNK)
            found.update(row["message_id"].decode() for row in rows)
            if len(rows) < _CHUNK:
                return found
            start = following_id(rows[-1]["message_id"].decode())
