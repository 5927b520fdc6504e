"""Dead letters, container `dead_letters`: readings without a verdict, whole, by the day of their arrival."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from azure.core import MatchConditions

from anomalyctl.errors import InvalidInput, NotFound
from anomalyctl.stores.anomalies.connection import CosmosConnection, Document
from anomalyctl.stores.anomalies.schema import DEAD_LETTERS
from anomalyctl.stores.anomalies.verdicts import batches, days_between
from anomalyctl.stores.cosmos_errors import Conflict
from anomalyctl.telemetry.times import format_time, from_epoch_ms

PART_CHARACTERS: Final = 1_000_000
"""A longer payload lies in documents of its own, beside the letter: Cosmos DB takes 2 MB in one."""
_WHOLE: Final = "NOT IS_DEFINED(c.part_of)"
_HEAD: Final = (
    "SELECT c.id, c.day, c.failed_at, c.source, c.origin, c.kind, c.state, c.reason, c.field, "
    "c.attempts, c.next_try_at, c.payload_bytes FROM c"
)


class DeadLetterStore(CosmosConnection):
    """Refused, unjudged and trimmed readings, kept for 90 days with the reason and the history."""

    def add_dead_letter(self, document: Document) -> None:
        """Keep one; see `add_dead_letters`."""
        self.add_dead_letters([document])

    def add_dead_letters(self, documents: Sequence[Document]) -> None:
        """Keep letters; `id` and `failed_at` (ISO, UTC) are needed, `day` follows.

        A letter that is there already stays as it is: its history may know more.
        """
        kept = [part for document in documents for part in _in_parts(_with_day(document))]
        kept.sort(key=_day)
        for day, group in groupby(kept, key=_day):
            for batch in batches(group):
                self._create(day, batch)

    def dead_letter(self, letter_id: str) -> Document | None:
        """One letter with its whole payload; None when there is none of that id."""
        day = day_of_letter(letter_id)
        document = self.read_or_none(DEAD_LETTERS, letter_id, day)
        if document is None or not document.get("parts"):
            return document
        parts = [
            self.read_or_none(DEAD_LETTERS, part_id(letter_id, number), day) or {}
            for number in range(1, document["parts"] + 1)
        ]
        return {**document, "payload": "".join(str(part.get("payload", "")) for part in parts)}

    def dead_letters(self, start: datetime, end: datetime) -> Iterator[Document]:
        """Those that failed from `start` (included) to `end` (not included), oldest first."""
        query = (
            f"SELECT * FROM c WHERE c.failed_at >= @start AND c.failed_at < @end AND {_WHOLE} "  # noqa: S608
            "ORDER BY c.failed_at"
        )
        parameters = {"start": format_time(start), "end": format_time(end)}
        for day in days_between(start, end):
            yield from self.query(DEAD_LETTERS, query, parameters, partition=day)

    def select_dead_letters(
        self, conditions: Sequence[str], parameters: Mapping[str, Any], *, newest_first: bool = True
    ) -> Iterator[Document]:
        """Letters without payload and history; the conditions are ours, never a user's text."""
        where = " AND ".join([_WHOLE, *conditions])
        order = "DESC" if newest_first else "ASC"
        query = f"{_HEAD} WHERE {where} ORDER BY c.failed_at {order}"
        return self.query(DEAD_LETTERS, query, parameters)

    def due_dead_letters(self, now: datetime) -> Iterator[Document]:
        """Letters whose next try is due, those that arrived first at the head."""
        return self.select_dead_letters(
            ["c.next_try_at <= @now"], {"now": format_time(now)}, newest_first=False
        )

    def count_dead_letters(self) -> int:
        """How many there are."""
        query = f"SELECT VALUE COUNT(1) FROM c WHERE {_WHOLE}"  # noqa: S608
        return sum(int(count) for count in self.query(DEAD_LETTERS, query, {}))

    def change_dead_letter(self, document: Document, changes: Mapping[str, Any]) -> Document:
        """Change a letter if it is still as `document` was read. Raises `Conflict` or `NotFound`."""
        operations = [{"op": "set", "path": f"/{key}", "value": value} for key, value in changes.items()]
        return self.call(
            f"change dead letter {document['id']}",
            lambda: dict(
                self.container(DEAD_LETTERS).patch_item(
                    document["id"],
                    partition_key=document["day"],
                    patch_operations=operations,
                    etag=document["_etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            ),
        )

    def remove_dead_letter(self, letter_id: str, day: str) -> None:
        """Delete one for good, its payload last. Raises `NotFound`."""
        document = self.read_or_none(DEAD_LETTERS, letter_id, day) or {}
        self._delete(letter_id, day)
        for number in range(1, document.get("parts", 0) + 1):
            self._delete(part_id(letter_id, number), day)

    def forget_dead_letter(self, letter_id: str) -> bool:
        """The same, whether it is there or not; True when it was."""
        try:
            self.remove_dead_letter(letter_id, day_of_letter(letter_id))
        except NotFound:
            return False
        return True

    def _delete(self, document_id: str, day: str) -> None:
        self.call(
            f"remove dead letter {document_id}",
            lambda: self.container(DEAD_LETTERS).delete_item(document_id, partition_key=day),
        )

    def _create(self, day: str, batch: list[Document]) -> None:
        container = self.container(DEAD_LETTERS)
        try:
            self.call(
                f"keep {len(batch)} dead letters",
                lambda: container.execute_item_batch(
                    [("create", (document,)) for document in batch], partition_key=day
                ),
                unconditional=True,
            )
        except Conflict:
            if len(batch) == 1:
                return
            # One of them is there already, and a transaction is all or nothing.
            for document in batch:
                self._create(day, [document])


def day_of_letter(letter_id: str) -> str:
    """The partition of a letter: the day of its arrival, which its id begins with."""
    milliseconds = letter_id.partition("-")[0]
    if not (milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) <= 14):
        raise InvalidInput(f"{letter_id[:80]!r} is no id of a dead letter: <epoch ms>-<number>.", field="ID")
    return from_epoch_ms(int(milliseconds)).date().isoformat()


def part_id(letter_id: str, number: int) -> str:
    """The id of the document that holds a part of a long payload; parts count from 1."""
    return f"{letter_id}.{number}"


def _day(document: Document) -> str:
    return str(document["day"])


def _with_day(document: Document) -> Document:
    for key in ("id", "failed_at"):
        if not isinstance(document.get(key), str):
            raise InvalidInput(f"A dead letter needs {key}.", field=key)
    return {**document, "day": document["failed_at"][:10]}


def _in_parts(document: Document) -> list[Document]:
    """The letter itself last: where it is, its payload is whole."""
    payload = document.get("payload", "")
    if len(payload) <= PART_CHARACTERS:
        return [document]
    texts = [payload[at : at + PART_CHARACTERS] for at in range(0, len(payload), PART_CHARACTERS)]
    parts = [
        {
            "id": part_id(document["id"], number),
            "day": document["day"],
            "part_of": document["id"],
            "payload": text,
        }
        for number, text in enumerate(texts, 1)
    ]
    return [*parts, {**document, "payload": "", "parts": len(parts)}]
