"""What a dead letter says: the whole payload, why there is no verdict, what was tried, what comes next."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson

from anomalyctl.stores.anomalies.dead_letters import PART_CHARACTERS
from anomalyctl.stores.readings.queue import QueueEntry
from anomalyctl.telemetry.times import format_time, from_epoch_ms

Document = dict[str, Any]
Kind = Literal["refused", "early", "unjudged", "trimmed"]
"""Refused: it breaks the rules of readings. Early: its time lies ahead, by a day at most. Unjudged: no
detector could judge it. Trimmed: Redis was full."""

MOST_ATTEMPTS: Final = 5
MOST_EARLY_ATTEMPTS: Final = 25
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
ON_ITS_WAY: Final = timedelta(minutes=10)
"""A retried letter that nothing was heard of for so long is put into the queue again."""
_HISTORY: Final = 50


def new_letter(entry: QueueEntry, *, kind: Kind, reason: str, field: str, now: datetime) -> Document:
    """The document of an entry that failed for the first time; its arrival decides id and day."""
    text, encoding = encode_payload(entry.payload)
    arrived = from_epoch_ms(entry.arrived_ms)
    return {
        "id": entry.place,
        "failed_at": format_time(arrived),
        "source": entry.source[:200],
        "origin": entry.origin[:40],
        "kind": kind,
        "state": "waiting",
        "reason": reason,
        "field": field,
        "attempts": 0 if kind == "trimmed" else 1,
        "next_try_at": _next_try(kind, 1, now),
        "payload_bytes": len(entry.payload),
        "payload_encoding": encoding,
        "payload": text,
        "history": [_step(kind, reason, by="pipeline", now=now, entry=entry.place)],
    }


def failed_again(
    letter: Mapping[str, Any], entry: QueueEntry, *, kind: Kind, reason: str, field: str, now: datetime
) -> Document:
    """What changes when a retried letter fails again; nothing when this failure is written already."""
    if any(step.get("entry") == entry.place for step in letter["history"]):
        return {}
    attempts = int(letter["attempts"]) + (kind != "trimmed")
    return {
        "kind": kind,
        "state": "waiting",
        "reason": reason,
        "field": field,
        "attempts": attempts,
        "next_try_at": _next_try(kind, attempts, now),
        "history": [*letter["history"], _step(kind, reason, by="pipeline", now=now, entry=entry.place)][
            -_HISTORY:
        ],
    }


def is_letter_of(letter: Mapping[str, Any] | None, source: str, payload: bytes) -> bool:
    """Whether an entry is this letter on its way back: who may write to Redis may name any letter there."""
    return letter is not None and letter.get("source") == source[:200] and decode_payload(letter) == payload


def on_its_way(letter: Mapping[str, Any], *, by: str, now: datetime) -> Document:
    """What changes when a letter is about to be put into the queue again."""
    return {
        "state": "retrying",
        "next_try_at": format_time(now + ON_ITS_WAY),
        "history": [*letter["history"], _step("retried", "", by=by, now=now)][-_HISTORY:],
    }


def encode_payload(payload: bytes) -> tuple[str, str]:
    """Text and encoding, `utf-8` or `base64`; nothing of the payload is lost."""
    try:
        text = payload.decode()
        if len(orjson.dumps(text)) <= PART_CHARACTERS:
            return text, "utf-8"
    except UnicodeDecodeError:
        pass  # as it came, then
    return base64.b64encode(payload).decode("ascii"), "base64"


def decode_payload(letter: Mapping[str, Any]) -> bytes:
    """The payload as it came."""
    text = str(letter.get("payload", ""))
    return base64.b64decode(text) if letter.get("payload_encoding") == "base64" else text.encode()


def _next_try(kind: Kind, attempts: int, now: datetime) -> str | None:
    """When the timer tries again; None: only an operator does."""
    if kind == "trimmed":
        return format_time(now)
    if kind == "early":
        # When its time comes is seldom known exactly: a clock was wrong. Asked again each hour for a day.
        return format_time(now + LONGEST_PAUSE) if attempts <= MOST_EARLY_ATTEMPTS else None
    if kind == "refused" or attempts >= MOST_ATTEMPTS:
        return None
    return format_time(now + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1)))


def _step(what: str, why: str, *, by: str, now: datetime, entry: str = "") -> Document:
    step = {"at": format_time(now), "what": what, "by": by, "why": why, "entry": entry}
    return {key: value for key, value in step.items() if value}
