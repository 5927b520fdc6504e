"""Continuation tokens: where a query goes on. They hold everything, so they outlive a restart."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from anomalyctl.local.cosmos.failures import bad_request


@dataclass(frozen=True, slots=True)
class Position:
    """After how many results, and (where rows are streamed) after which row: its order keys and number."""

    passed: int = 0
    keys: tuple[Any, ...] = ()
    seq: int | None = None


def fingerprint(text: str, parameters: Mapping[str, Any]) -> str:
    """What ties a token to its query."""
    given = orjson.dumps([text, parameters], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(given, digest_size=6).hexdigest()


def write_token(query: str, position: Position) -> str:
    """The position as text for a header."""
    keys = [["b", key.hex()] if isinstance(key, bytes) else ["v", key] for key in position.keys]
    return base64.urlsafe_b64encode(orjson.dumps([query, position.passed, keys, position.seq])).decode()


def read_token(token: str | None, query: str) -> Position:
    """The position that a token holds; the start where there is none. Raises a 400 failure."""
    if not token:
        return Position()
    try:
        owner, passed, keys, seq = orjson.loads(base64.urlsafe_b64decode(token))
        found = tuple(bytes.fromhex(value) if sort == "b" else value for sort, value in keys)
    except (binascii.Error, ValueError, TypeError):
        raise bad_request("The continuation token is not one of ours.") from None
    if owner != query:
        raise bad_request("The continuation token belongs to another query.")
    return Position(passed, found, seq)
