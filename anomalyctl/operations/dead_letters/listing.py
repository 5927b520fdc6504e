"""`dead-letters list` and `show`: which readings have no verdict, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from anomalyctl.errors import NotFound
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import format_time


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters; an empty filter is all of them."""

    source: str = ""
    kind: str = ""
    """`refused`, `early`, `unjudged` or `trimmed`."""
    field: str = ""
    """The tag or key at fault."""
    since: datetime | None = None
    """Arrived at this time or later."""
    before: datetime | None = None
    limit: int | None = None
    """At most so many, the newest."""


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter in a list."""

    id: str
    arrived_at: str
    source: str
    kind: str
    state: str
    """`waiting`, or `retrying` while it is in the queue again."""
    field: str
    reason: str
    attempts: int
    next_try_at: str | None
    """When the timer tries again; None where only an operator does."""
    payload_bytes: int


@dataclass(frozen=True, slots=True)
class LetterDetails:
    """One letter, whole."""

    letter: LetterRow
    origin: str
    payload: str
    payload_encoding: str
    """`utf-8`, or `base64` where the payload is no text or longer than a megabyte."""
    history: tuple[Mapping[str, Any], ...]
    """What happened to it, oldest first: at, what, by, why."""


def list_letters(store: AnomalyStore, chosen: LetterFilter) -> list[LetterRow]:
    """Letters that the filter takes, the newest first. Raises what the store raises."""
    return [_row(document) for document in islice(_documents(store, chosen), chosen.limit)]


def show_letter(store: AnomalyStore, letter_id: str) -> LetterDetails:
    """One letter with its payload and history. Raises NotFound, and InvalidInput for what is no id."""
    document = store.dead_letter(letter_id)
    if document is None:
        raise NotFound(
            f"There is no dead letter {letter_id}.", hint="See them with `anomalyctl dead-letters list`."
        )
    return LetterDetails(
        letter=_row(document),
        origin=document.get("origin", ""),
        payload=document.get("payload", ""),
        payload_encoding=document.get("payload_encoding", "utf-8"),
        history=tuple(document.get("history", ())),
    )


def _documents(store: AnomalyStore, chosen: LetterFilter) -> Iterator[dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for name in ("source", "kind", "field"):
        if getattr(chosen, name):
            conditions.append(f"c.{name} = @{name}")
            parameters[name] = getattr(chosen, name)
    if chosen.since:
        conditions.append("c.failed_at >= @since")
        parameters["since"] = format_time(chosen.since)
    if chosen.before:
        conditions.append("c.failed_at < @before")
        parameters["before"] = format_time(chosen.before)
    return store.select_dead_letters(conditions, parameters)


def _row(document: Mapping[str, Any]) -> LetterRow:
    return LetterRow(
        id=document["id"],
        arrived_at=document["failed_at"],
        source=document.get("source", ""),
        kind=document.get("kind", "refused"),
        state=document.get("state", "waiting"),
        field=document.get("field", ""),
        reason=document.get("reason", ""),
        attempts=document.get("attempts", 1),
        next_try_at=document.get("next_try_at"),
        payload_bytes=document.get("payload_bytes", len(document.get("payload", ""))),
    )
