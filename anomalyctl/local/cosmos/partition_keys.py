"""Partition keys: read from the header and from the document, spelt one way, and placed on the ring."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.murmur import murmur3_128
from anomalyctl.local.cosmos.query.values import UNDEFINED, canonical

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """The values of one logical partition, each a string, number, boolean, null or `UNDEFINED`."""

    values: tuple[Any, ...]

    @property
    def text(self) -> str:
        """One spelling for equal keys; an undefined component is `{}`, as on the wire."""
        return canonical([{} if value is UNDEFINED else value for value in self.values]).decode()


def from_header(header: str | None, paths: Sequence[Path]) -> PartitionKey | None:
    """The key of `x-ms-documentdb-partitionkey`; None where it is missing. Raises a 400 failure."""
    if header is None:
        return None
    try:
        values = orjson.loads(header)
    except orjson.JSONDecodeError:
        values = None
    if not isinstance(values, list):
        raise bad_request(f"Partition key {header} is invalid.")
    if not values:
        return PartitionKey((UNDEFINED,) * len(paths))
    if len(values) != len(paths):
        raise bad_request(
            "Partition key provided doesn't correspond to definition in the collection: "
            f"{len(values)} components for {len(paths)} paths."
        )
    return PartitionKey(tuple(_component(value) for value in values))


def from_document(document: Mapping[str, Any], paths: Sequence[Path]) -> PartitionKey:
    """The key that the document carries at the container's paths."""
    values = []
    for path in paths:
        value: Any = document
        for step in path:
            value = value.get(step, UNDEFINED) if isinstance(value, Mapping) else UNDEFINED
        values.append(_component(UNDEFINED if isinstance(value, Mapping) else value))
    return PartitionKey(tuple(values))


@lru_cache(maxsize=8192)
def ring_position(text: str) -> str:
    """The effective partition key (version 2): upper-case hexadecimal between "" and "FF".

    `text` is a `PartitionKey.text`. Each component is hashed by MurmurHash3-128 over a type byte and its
    value; the two highest bits are cleared.
    """
    parts = []
    components = orjson.loads(text)
    if len(components) == 1:
        return _hash(components[0])
    for component in components:
        parts.append(_hash(component))
    return "".join(parts)


def _component(value: Any) -> Any:
    if value == {} and isinstance(value, dict):
        return UNDEFINED
    if isinstance(value, dict | list):
        raise bad_request("A partition key is a string, a number, a boolean or null.")
    return value


def _hash(component: Any) -> str:
    low, high = murmur3_128(_bytes(component))
    digest = bytearray(high.to_bytes(8, "big") + low.to_bytes(8, "big"))
    digest[0] &= 0x3F
    return digest.hex().upper()


def _bytes(component: Any) -> bytes:
    if component == {}:
        return b"\x00"
    if component is None:
        return b"\x01"
    if isinstance(component, bool):
        return b"\x03" if component else b"\x02"
    if isinstance(component, str):
        return b"\x08" + component.encode() + b"\xff"
    return b"\x05" + struct.pack("<d", float(component))
