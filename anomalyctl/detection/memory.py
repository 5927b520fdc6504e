"""What a tier remembers between calls, as JSON: vectors packed exactly, at most 64 kB."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from anomalyctl.detection.window import Vector
from anomalyctl.telemetry.verdicts import Memory

LARGEST_MEMORY: Final = 64 * 1024
"""Bytes of JSON that one tier may keep of one source."""


def pack(vectors: Mapping[str, Vector]) -> dict[str, str]:
    """Vectors of float64 as base64 of their little-endian bytes: exact, and shorter than decimals."""
    return {
        name: base64.b64encode(np.asarray(vector, dtype="<f8").tobytes()).decode()
        for name, vector in vectors.items()
    }


def unpack(packed: object, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Vector] | None:
    """The inverse of `pack`; None where a vector is absent or has another size (so not ours to use)."""
    if not isinstance(packed, Mapping):
        return None
    vectors: dict[str, Vector] = {}
    for name, shape in shapes.items():
        text = packed.get(name)
        if not isinstance(text, str):
            return None
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError:
            return None
        if len(raw) != 8 * int(np.prod(shape)):
            return None
        vectors[name] = np.frombuffer(raw, dtype="<f8").astype(np.float64).reshape(shape)
    return vectors


def as_of(memory: Memory | Mapping[str, Any] | None) -> int | None:
    """The epoch ms of the newest reading that the memory has seen; None where there is no memory."""
    moment = memory.get("as_of") if memory else None
    return moment if isinstance(moment, int) and not isinstance(moment, bool) else None
