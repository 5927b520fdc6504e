"""The id of a run: a ULID, which sorts by time and is 128 bits, so that it is also a UUID for Azure."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Final

from anomalyctl.telemetry.times import epoch_ms

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret


def new_run_id(now: datetime) -> str:
    """26 characters of Crockford's base 32: 48 bits of time (ms), 80 of chance (https://github.com/ulid/spec)."""
    number = epoch_ms(now) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def correlation_id(run_id: str) -> str:
    """The same 128 bits as a UUID: what Azure's activity log shows for everything that the run did."""
    number = 0
    for letter in run_id:
        number = number << 5 | _ALPHABET.index(letter)
    return str(uuid.UUID(int=number))
