"""Verdict documents, container `anomaly_results`: one per reading, by day of one source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from anomalyctl.errors import InvalidInput
from anomalyctl.stores.anomalies.connection import CosmosConnection, Document
from anomalyctl.stores.anomalies.schema import ANOMALY_RESULTS
from anomalyctl.telemetry.times import format_time, from_epoch_ms

BATCH_DOCUMENTS: Final = 50
BATCH_BYTES: Final = 1_500_000
"""Cosmos DB takes 100 operations and 2 MB in a transaction; the rest is room for its envelope."""
_IDS_A_QUERY: Final = 500


class VerdictStore(CosmosConnection):
    """What the detectors said of each reading."""

    def upsert_verdicts(self, source_day: str, documents: Sequence[Document]) -> int:
        """Write documents of one `source_day` in transactions of at most 50 documents and 1.5 MB.

        Idempotent by id. Returns how many were written; after an error the batches before it stay, and
        the whole call may be repeated. Raises `InvalidInput` for a document of another day.
        """
        for document in documents:
            if document.get("source_day") != source_day:
                raise InvalidInput(
                    f"Verdict {document.get('id')} is of {document.get('source_day')}, not of {source_day}.",
                    field="source_day",
                )
        container = self.container(ANOMALY_RESULTS)
        for batch in batches(documents):
            operations = [("upsert", (document,)) for document in batch]
            self.call(
                f"write {len(batch)} verdicts of {source_day}",
                lambda operations=operations: container.execute_item_batch(  # type: ignore[misc]
                    operations,
                    partition_key=source_day,
                    # The documents are ours: nobody needs to send them back.
                    no_response=True,
                ),
                unconditional=True,
            )
        return len(documents)

    def verdict(self, reading_id: str) -> Document | None:
        """The verdict on one reading, by a point read."""
        return self.read_or_none(ANOMALY_RESULTS, reading_id, source_day_of(reading_id))

    def verdicts(
        self, source: str, start: datetime, end: datetime, *, page_size: int = 500
    ) -> Iterator[Document]:
        """Verdicts of one source from `start` (included) to `end` (not included), oldest first, by pages."""
        query = "SELECT * FROM c WHERE c.timestamp >= @start AND c.timestamp < @end ORDER BY c.timestamp"
        parameters = {"start": format_time(start), "end": format_time(end)}
        for day in days_between(start, end):
            yield from self.query(
                ANOMALY_RESULTS, query, parameters, partition=f"{source}:{day}", page_size=page_size
            )

    def verdict_heads(
        self, source: str, start: datetime, end: datetime, *, page_size: int = 1_000
    ) -> Iterator[Document]:
        """As `verdicts`, with reading, status and explanation alone: a tenth of what the tiers wrote."""
        query = (
            "SELECT c.timestamp, c.raw_data, c.final_status, c.explanation FROM c "
            "WHERE c.timestamp >= @start AND c.timestamp < @end ORDER BY c.timestamp"
        )
        parameters = {"start": format_time(start), "end": format_time(end)}
        for day in days_between(start, end):
            yield from self.query(
                ANOMALY_RESULTS, query, parameters, partition=f"{source}:{day}", page_size=page_size
            )

    def sources(self, start: datetime, end: datetime) -> list[str]:
        """Sources with verdicts from `start` (included) to `end` (not included), in no order."""
        query = "SELECT DISTINCT VALUE c.source FROM c WHERE c.timestamp >= @start AND c.timestamp < @end"
        parameters = {"start": format_time(start), "end": format_time(end)}
        return list(self.query(ANOMALY_RESULTS, query, parameters))

    def existing_ids(self, source_day: str, ids: Iterable[str]) -> set[str]:
        """Which of the reading ids of one `source_day` have a verdict already."""
        wanted = list(dict.fromkeys(ids))
        found: set[str] = set()
        for start in range(0, len(wanted), _IDS_A_QUERY):
            found.update(
                self.query(
                    ANOMALY_RESULTS,
                    "SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(@ids, c.id)",
                    {"ids": wanted[start : start + _IDS_A_QUERY]},
                    partition=source_day,
                    page_size=_IDS_A_QUERY,
                )
            )
        return found


def source_day_of(reading_id: str) -> str:
    """`<source>:<YYYY-MM-DD>` of a reading id `<source>:<epoch ms>`. Raises `InvalidInput` for any other."""
    source, _, milliseconds = reading_id.rpartition(":")
    if not source or not milliseconds.lstrip("-").isdigit():
        raise InvalidInput(f"{reading_id!r} is no reading id: <source>:<epoch ms>.", field="reading_id")
    return f"{source}:{from_epoch_ms(int(milliseconds)).date().isoformat()}"


def days_between(start: datetime, end: datetime) -> Iterator[str]:
    """UTC days, as YYYY-MM-DD, that the half-open span touches."""
    day, last = start.astimezone(UTC).date(), (end - timedelta(microseconds=1)).astimezone(UTC).date()
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Cut documents, in order, into what one transaction takes; one that is too large goes alone."""
    batch: list[Document] = []
    size = 0
    for document in documents:
        weight = len(orjson.dumps(document))
        if batch and (len(batch) == BATCH_DOCUMENTS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += weight
    if batch:
        yield batch
