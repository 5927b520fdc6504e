"""MurmurHash3, x64, 128 bits (Austin Appleby, public domain): what Cosmos places partition keys by."""

from __future__ import annotations

_MASK = 0xFFFFFFFFFFFFFFFF
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


def murmur3_128(data: bytes) -> tuple[int, int]:
    """The two 64-bit halves of the hash with seed 0."""
    high = low = 0
    whole = len(data) - len(data) % 16
    for start in range(0, whole, 16):
        low ^= _mix_first(int.from_bytes(data[start : start + 8], "little"))
        low = ((_rotate(low, 27) + high) * 5 + 0x52DCE729) & _MASK
        high ^= _mix_second(int.from_bytes(data[start + 8 : start + 16], "little"))
        high = ((_rotate(high, 31) + low) * 5 + 0x38495AB5) & _MASK
    tail = data[whole:]
    high ^= _mix_second(int.from_bytes(tail[8:], "little"))
    low ^= _mix_first(int.from_bytes(tail[:8], "little"))
    low, high = low ^ len(data), high ^ len(data)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    low, high = _finish(low), _finish(high)
    low = (low + high) & _MASK
    return low, (high + low) & _MASK


def _rotate(value: int, places: int) -> int:
    return ((value << places) | (value >> (64 - places))) & _MASK


def _mix_first(block: int) -> int:
    return _rotate(block * _C1 & _MASK, 31) * _C2 & _MASK


def _mix_second(block: int) -> int:
    return _rotate(block * _C2 & _MASK, 33) * _C1 & _MASK


def _finish(value: int) -> int:
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ value >> 33
