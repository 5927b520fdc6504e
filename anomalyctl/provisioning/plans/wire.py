"""The two encodings inside of a plan file: messages of protocol buffers, and values of cty in MessagePack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Field = int | bytes
_VARINT: Final = 0
_BYTES: Final = 2


class Unknown:
    """A value that only the apply will tell."""


UNKNOWN: Final = Unknown()


def message(data: bytes) -> dict[int, list[Field]]:
    """The fields of a message by their number, repeated ones in order (https://protobuf.dev/programming-guides/encoding).

    Raises ValueError for what a plan does not use.
    """
    found: dict[int, list[Field]] = {}
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            found.setdefault(number, []).append(value)
        elif kind == _BYTES:
            length, position = _varint(data, position)
            if position + length > len(data):
                raise ValueError("a message ends early")
            found.setdefault(number, []).append(data[position : position + length])
            position += length
        else:
            raise ValueError(f"wire type {kind}")
    return found


def number_of(fields: dict[int, list[Field]], key: int) -> int:
    """A number; 0 where it is left out, as the encoding has it."""
    value = fields.get(key, [0])[-1]
    if not isinstance(value, int):
        raise ValueError(f"field {key} is no number")
    return value


def text_of(fields: dict[int, list[Field]], key: int) -> str:
    """A text; empty where it is left out."""
    return data_of(fields, key).decode()


def data_of(fields: dict[int, list[Field]], key: int) -> bytes:
    """Bytes; none where they are left out."""
    return next(reversed([*all_of(fields, key)]), b"")


def all_of(fields: dict[int, list[Field]], key: int) -> Iterator[bytes]:
    """The bytes of a repeated field."""
    for value in fields.get(key, ()):
        if not isinstance(value, bytes):
            raise ValueError(f"field {key} is no text")
        yield value


def cty_value(data: bytes) -> Any:
    """A value as JSON would have it, UNKNOWN where it is not known, at any depth.

    Where a schema leaves the type open, the value stands beside its type; the type is bytes, which no other
    value of cty is.
    """
    import msgpack

    return _plain(msgpack.unpackb(data, ext_hook=lambda _code, _data: UNKNOWN, strict_map_key=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], bytes):
            return _plain(value[1])
        return [_plain(item) for item in value]
    return value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("a number ends early")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return result, position
