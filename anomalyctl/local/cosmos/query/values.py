"""JSON values as Cosmos compares and orders them: `undefined` is not null, and types do not mix."""

from __future__ import annotations

import hashlib
import struct
from enum import Enum
from typing import Any, Final

import orjson


class Undefined(Enum):
    """The type of `UNDEFINED`."""

    VALUE = "undefined"


UNDEFINED: Final = Undefined.VALUE
"""What a missing property is worth; a filter takes only what is `true`."""

_NULL, _FALSE, _TRUE, _NUMBER, _STRING, _ARRAY, _OBJECT = range(0x10, 0x80, 0x10)


def kind(value: Any) -> int:
    """The place of its type in Cosmos' order: undefined, null, booleans, number, string, array, object."""
    if value is UNDEFINED:
        return 0
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return _TRUE
    if isinstance(value, int | float):
        return _NUMBER
    if isinstance(value, str):
        return _STRING
    return _ARRAY if isinstance(value, list) else _OBJECT


def equal(left: Any, right: Any) -> bool | Undefined:
    """Equality within one type, deep; across types it is undefined."""
    if (own := kind(left)) != kind(right) or own == 0:
        return UNDEFINED
    return canonical(left) == canonical(right) if own >= _ARRAY else bool(left == right)


def compare(left: Any, right: Any) -> int | Undefined:
    """-1, 0 or 1 within null, booleans, numbers and strings; anything else is undefined."""
    own = kind(left)
    if own == 0 or own >= _ARRAY or own != kind(right):
        return UNDEFINED
    low, high = sort_key(left), sort_key(right)
    return (low > high) - (low < high)


def sort_key(value: Any) -> bytes:
    """Bytes that order as Cosmos orders the values; the empty one is undefined.

    Numbers are IEEE 754 doubles, as in Cosmos, with the sign bit flipped (all bits, where negative). Arrays
    and objects have an order of no meaning, which is the same on every call.
    """
    own = kind(value)
    if own == 0:
        return b""
    if own == _STRING:
        return b"\x50" + str(value).encode("utf-8", "surrogatepass")
    if own == _NUMBER:
        return b"\x40" + _ordered_double(float(value))
    if own >= _ARRAY:
        return bytes([own]) + hashlib.blake2b(canonical(value), digest_size=8).digest()
    if own == _NULL:
        return b"\x10"
    return b"\x30" if value else b"\x20"


def canonical(value: Any) -> bytes:
    """One spelling for equal values: keys sorted, whole numbers without a fraction."""
    return orjson.dumps(_normal(value), option=orjson.OPT_SORT_KEYS)


def _ordered_double(number: float) -> bytes:
    bits = int.from_bytes(struct.pack(">d", number + 0.0), "big")
    flipped = bits ^ 0xFFFFFFFFFFFFFFFF if bits >> 63 else bits | 1 << 63
    return flipped.to_bytes(8, "big")


def _normal(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    if isinstance(value, dict):
        return {key: _normal(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_normal(entry) for entry in value]
    return value
