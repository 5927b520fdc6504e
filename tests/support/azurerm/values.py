"""Terraform's values on the wire: msgpack, with an extension for what is not known yet."""

from __future__ import annotations

from typing import Any

import msgpack


class _Unknown:
    """A value that only the apply will tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


def decode(dynamic: dict[str, Any]) -> Any:
    """Read a DynamicValue: None, bool, number, str, list, dict, or UNKNOWN anywhere."""
    if not dynamic.get("msgpack"):
        return None
    return msgpack.unpackb(dynamic["msgpack"], ext_hook=lambda code, data: UNKNOWN, strict_map_key=False)


def encode(value: Any) -> dict[str, bytes]:
    """Write a value as a DynamicValue."""
    return {"msgpack": msgpack.packb(value, default=_unknown, use_bin_type=True)}


def _unknown(value: Any) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"not a value of Terraform's: {value!r}")
