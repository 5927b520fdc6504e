"""The rules that a payload meets before it enters: what is refused is refused with the field named."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

from anomalyctl.errors import ReadingRefused
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.tags import TagRegistry
from anomalyctl.telemetry.times import format_time, parse_time

LARGEST_PAYLOAD: Final = 256 * 1024
"""Bytes; checked before anything is parsed."""
MOST_KEYS: Final = 1_000
"""Keys of one payload, `timestamp` included."""
LONGEST_KEY: Final = 200
LARGEST_VALUE: Final = 1e15
"""No sensor sends more, and squares of it still add up without overflow."""
FUTURE_TOLERANCE: Final = timedelta(seconds=60)
WHOLE_PAYLOAD: Final = "payload"
"""The field named where no single key is at fault."""

_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-?\d{2}-?\d{2}[T ]\d{2}:?\d{2}.*", re.ASCII)
_OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


def parse_reading(
    payload: bytes | str, *, source: str, registry: TagRegistry, now: datetime, require_core: bool = True
) -> Reading:
    """Read one flat JSON object: `timestamp` and finite numbers by tag.

    A recorded plant whose registry has no core tags, or `require_core=False`, may leave any tag out.
    Raises ReadingRefused with `field` set to the key at fault, or `payload` for the whole.
    """
    check_source(source)
    values = decode_object(payload)
    timestamp = check_timestamp(values.pop("timestamp", None), now)
    return Reading(source, timestamp, check_values(values, registry, require_core=require_core))


def decode_object(payload: bytes | str) -> dict[str, Any]:
    """The keys and values of a payload, not yet checked one by one; sizes and repeated keys are.

    Raises ReadingRefused.
    """
    try:
        raw = payload.encode() if isinstance(payload, str) else bytes(payload)
    except UnicodeEncodeError:
        raise _refused(WHOLE_PAYLOAD, "is not UTF-8", "Send UTF-8.") from None
    if len(raw) > LARGEST_PAYLOAD:
        raise _refused(
            WHOLE_PAYLOAD,
            f"has {len(raw):,} bytes, the limit is {LARGEST_PAYLOAD:,}",
            "Send one reading each.",
        )
    try:
        decoded = orjson.loads(raw)
    except orjson.JSONDecodeError:
        decoded = _decode_slowly(raw)
        # Python's parser is laxer (NaN, lone surrogates); what the rules below let through is still not JSON.
        _check_object(decoded)
        check_values({k: v for k, v in decoded.items() if k != "timestamp"}, TagRegistry({}))
        raise _refused(WHOLE_PAYLOAD, "is not JSON", "Send one flat JSON object.") from None
    values = _check_object(decoded)
    if not _keys_are_distinct(raw, values):
        _check_object(_decode_slowly(raw))
    return values


def check_source(name: str) -> str:
    """The name itself when it is `[a-z0-9][a-z0-9-]{0,62}`; raises ReadingRefused otherwise."""
    if not isinstance(name, str) or not _SOURCE.fullmatch(name):
        raise ReadingRefused(
            f"source: {str(name)[:80]!r} is not a source's name",
            field="source",
            hint="Use 1 to 63 lower-case letters, digits and dashes, not starting with a dash.",
        )
    return name


def check_timestamp(text: object, now: datetime) -> datetime:
    """The instant of a payload, in UTC: ISO 8601 with date and time, at most 60 s ahead of `now`."""
    if text is None:
        raise _refused("timestamp", "is missing", "Each reading carries its own time, in ISO 8601.")
    try:
        if not isinstance(text, str) or not _INSTANT.fullmatch(text):
            raise ValueError
        instant = parse_time(text)
    except (ValueError, OverflowError):
        raise _refused(
            "timestamp", f"{_shown(text)} is not a time", "Write it as 2025-08-26T10:40:29.652000Z."
        ) from None
    if instant < _OLDEST:
        raise _refused("timestamp", f"{text} lies before 1970", "Check the sender's clock.")
    if instant > now + FUTURE_TOLERANCE:
        ahead = (instant - now).total_seconds()
        raise _refused("timestamp", f"{text} is {ahead:.0f} s in the future", "Check the sender's clock.")
    return instant


def check_values(
    values: Mapping[str, object], registry: TagRegistry, *, require_core: bool = True
) -> dict[str, float]:
    """Finite floats by tag, in the order given; every core tag of the registry present."""
    if not values:
        raise _refused(WHOLE_PAYLOAD, "holds no values", "A reading needs at least one tag beside its time.")
    checked: dict[str, float] = {}
    for key, value in values.items():
        if key not in registry.tags:
            check_key(key)
        kind = type(value)
        # The common case inline: this runs for every value of every row of every window.
        if (kind is float or kind is int) and -LARGEST_VALUE <= value <= LARGEST_VALUE:  # type: ignore[operator]
            checked[key] = float(value)  # type: ignore[arg-type]
        else:
            checked[key] = check_number(key, value)
    if require_core:
        for name in registry.core:
            if name not in checked:
                raise _refused(
                    name, "is missing", "It is a core tag: every reading of this source carries it."
                )
    return checked


def check_key(key: str) -> str:
    """The key itself when it can be a tag's name: printable, 1 to 200 characters."""
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise ReadingRefused(
            f"{_shown(key)} is not a tag's name",
            field=ascii(key)[1 : LONGEST_KEY + 1].rstrip("'") or WHOLE_PAYLOAD,
            hint=f"A tag's name has 1 to {LONGEST_KEY} printable characters.",
        )
    return key


def check_number(key: str, value: object) -> float:
    """The value as a finite float; booleans, null, text, NaN and infinity are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(key, f"{_shown(value)} is not a number", "Leave out what was not measured.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refused(key, f"{_shown(value)} is not finite", "Leave out what was not measured.")
    if abs(number) > LARGEST_VALUE:
        raise _refused(key, f"{_shown(value)} is out of any sensor's range", "Check the sender's scaling.")
    return number


def encode_reading(reading: Reading) -> bytes:
    """The wire form: flat JSON, `timestamp` first, then the tags in the order given."""
    return orjson.dumps({"timestamp": format_time(reading.timestamp), **reading.values})


def _check_object(decoded: object) -> dict[str, Any]:
    if not isinstance(decoded, dict):
        raise _refused(WHOLE_PAYLOAD, "is not a JSON object", "Send one flat JSON object: tags and values.")
    if len(decoded) > MOST_KEYS:
        raise _refused(WHOLE_PAYLOAD, f"has {len(decoded):,} keys, the limit is {MOST_KEYS:,}", "Send fewer.")
    return decoded


def _keys_are_distinct(raw: bytes, values: Mapping[str, object]) -> bool:
    """True where counting quotes proves it, some ten times quicker than parsing pairs.

    A payload whose one text is its time has two quotes a key and two more; a repeated key adds to that.
    """
    flat = isinstance(values.get("timestamp"), str) and raw.count(b'"') == 2 * (len(values) + 1)
    return flat and b"\\" not in raw


def _decode_slowly(raw: bytes) -> Any:
    try:
        return json.loads(raw, object_pairs_hook=_without_repeats)
    except RecursionError:
        raise _refused(WHOLE_PAYLOAD, "is nested too deeply", "Send one flat JSON object.") from None
    except ValueError:
        raise _refused(WHOLE_PAYLOAD, "is not JSON", "Send one flat JSON object.") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            raise _refused(key, "is there more than once", "Send each key once.")
        values[key] = value
    return values


def _refused(field: str, what: str, hint: str) -> ReadingRefused:
    shown = field if len(field) <= 80 else field[:79] + "…"
    return ReadingRefused(
        f"{shown}: {what}" if shown != WHOLE_PAYLOAD else f"the payload {what}", field=field, hint=hint
    )


def _shown(value: object) -> str:
    """A short text of a value that a sender chose, safe to print."""
    if isinstance(value, dict | list):
        return f"a JSON {'object' if isinstance(value, dict) else 'array'}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**18:
        return "a huge integer"
    text = ascii(value) if not isinstance(value, str) or not value.isprintable() else repr(value)
    return {"None": "null", "True": "true", "False": "false"}.get(
        text, text if len(text) <= 60 else text[:59] + "…"
    )
