"""Terraform's values on the wire: msgpack, with an extension for what is not known yet."""

from __future__ import annotations

from typing import Any

import msgpack


class _Unknown:
    """A value that only the apply will tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


def decode(dynamic: Any) -> Any:
    """Read a DynamicValue: None, bool, number, str, list, dict, or UNKNOWN anywhere."""
    if not dynamic.msgpack:
        return None
    return msgpack.unpackb(dynamic.msgpack, ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)


def encode(value: Any) -> bytes:
    """Write a value as the bytes of a DynamicValue."""
    return bytes(msgpack.packb(value, default=_unknown, use_bin_type=True))


def has_unknown(value: Any) -> bool:
    """Say whether anything in the value is not known yet."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def _unknown(value: Any) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"not a value of Terraform's: {value!r}")
