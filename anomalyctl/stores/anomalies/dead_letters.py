"""Dead letters, container `dead_letters`: what could not be judged, by the day on which it failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from anomalyctl.errors import InvalidInput
from anomalyctl.stores.anomalies.connection import CosmosConnection, Document
from anomalyctl.stores.anomalies.schema import DEAD_LETTERS
from anomalyctl.stores.anomalies.verdicts import days_between
from anomalyctl.telemetry.times import format_time


class DeadLetterStore(CosmosConnection):
    """Refused and failed readings, kept for 90 days with the reason."""

    def add_dead_letter(self, document: Document) -> None:
        """Keep one; `id` and `failed_at` (ISO, UTC) are needed, `day` follows. Idempotent by id and day."""
        for key in ("id", "failed_at"):
            if not isinstance(document.get(key), str):
                raise InvalidInput(f"A dead letter needs {key}.", field=key)
        kept = {**document, "day": document["failed_at"][:10]}
        self.call(
            f"keep dead letter {document['id']}", lambda: self.container(DEAD_LETTERS).upsert_item(kept)
        )

    def dead_letters(self, start: datetime, end: datetime) -> Iterator[Document]:
        """Those that failed from `start` (included) to `end` (not included), oldest first."""
        query = "SELECT * FROM c WHERE c.failed_at >= @start AND c.failed_at < @end ORDER BY c.failed_at"
        parameters = {"start": format_time(start), "end": format_time(end)}
        for day in days_between(start, end):
            yield from self.query(DEAD_LETTERS, query, parameters, partition=day)

    def remove_dead_letter(self, document_id: str, day: str) -> None:
        """Delete one, after it was retried or purged. Raises `NotFound`."""
        self.call(
            f"remove dead letter {document_id}",
            lambda: self.container(DEAD_LETTERS).delete_item(document_id, partition_key=day),
        )
