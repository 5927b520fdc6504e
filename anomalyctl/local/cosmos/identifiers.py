"""Resource ids (`_rid`) and etags: opaque to clients, unique, stable over restarts."""

from __future__ import annotations

import base64
import uuid

from anomalyctl.local.cosmos.failures import bad_request

_FORBIDDEN = "/\\?#"


def database_rid(number: int) -> str:
    """Four bytes, as Cosmos has them."""
    return _encode(number.to_bytes(4, "big"))


def container_rid(database: int, number: int) -> str:
    """Eight bytes; the highest bit of the second half tells a container from a user."""
    return _encode(database.to_bytes(4, "big") + (number | 1 << 31).to_bytes(4, "big"))


def item_rid(database: int, container: int, number: int) -> str:
    """Sixteen bytes."""
    return _encode(
        database.to_bytes(4, "big") + (container | 1 << 31).to_bytes(4, "big") + number.to_bytes(8, "little")
    )


def new_etag() -> str:
    """In its quotes, as it travels."""
    return f'"{uuid.uuid4()}"'


def item_etag(container: int, lsn: int) -> str:
    """Of the write with that number: no two writes of a file share one."""
    return f'"{container:08x}-0000-0000-0000-{lsn:012x}"'


def check_id(value: object, what: str = "item") -> str:
    """The id, if it may be one. Raises a 400 failure."""
    if not isinstance(value, str) or not value:
        raise bad_request(
            f"The input content is invalid: the required property 'id' of the {what} is missing."
        )
    if len(value.encode()) > 1023 or any(letter in _FORBIDDEN for letter in value) or value != value.rstrip():
        raise bad_request(
            f"The id {value[:80]!r} is not valid: at most 1,023 bytes, none of / \\ ? #, no space at the end."
        )
    return value


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode().replace("/", "-")
