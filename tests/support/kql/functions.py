"""Kusto's functions, those that are used."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def as_text(value: Any) -> str:
    """As `tostring` has it: nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def as_number(value: Any, kind: type) -> Any:
    """A number, nothing where it is none."""
    try:
        return kind(float(value)) if value not in (None, "") else None
    except ValueError:
        return None


def parsed(text: Any) -> Any:
    """As `parse_json`: what is no JSON stays a text."""
    try:
        return orjson.loads(text) if isinstance(text, str) else text
    except orjson.JSONDecodeError:
        return text


def stepped(value: Any, step: Any) -> Any:
    """As `bin`."""
    if isinstance(step, timedelta):
        return EPOCH + (value - EPOCH) // step * step
    return value // step * step


def substring(text: Any, start: int, length: int | None = None) -> str:
    """From a place on."""
    told = as_text(text)
    return told[int(start) :] if length is None else told[int(start) : int(start) + int(length)]


SCALAR: Final[dict[str, Callable[..., Any]]] = {
    "tostring": as_text,
    "toint": lambda value: as_number(value, int),
    "tolong": lambda value: as_number(value, int),
    "todouble": lambda value: as_number(value, float),
    "substring": substring,
    "strcat": lambda *values: "".join(as_text(value) for value in values),
    "isnotempty": lambda value: as_text(value) != "",
    "isempty": lambda value: as_text(value) == "",
    "coalesce": lambda *values: next((one for one in values if as_text(one) != ""), None),
    "parse_json": parsed,
    "not": lambda value: not value,
    "bin": stepped,
    "bag_pack": lambda *pairs: dict(zip(pairs[::2], pairs[1::2], strict=True)),
    "bag_merge": lambda *bags: {
        name: value for bag in reversed(bags) if isinstance(bag, dict) for name, value in bag.items()
    },
    "datetime_diff": lambda unit, later, earlier: (later - earlier) // timedelta(**{f"{unit}s": 1}),
    "round": lambda value, digits=0: None if value is None else round(value, int(digits)),
}
"""iff, case, column_ifexists, ingestion_time and now are known where the columns and the clock are."""


def _held(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "sum": lambda values: sum(_held(values)),
    "max": lambda values: max(_held(values), default=None),
    "min": lambda values: min(_held(values), default=None),
    "avg": lambda values: sum(_held(values)) / len(_held(values)) if _held(values) else None,
    "take_any": lambda values: next(iter(values), None),
}
"""Over one value a row; count, countif, maxif and sumif take conditions."""


def has_term(text: str, term: str) -> bool:
    """As `has`: whole terms, whatever their case."""
    left = "" if not term[:1].isalnum() else r"(?<![A-Za-z0-9])"
    right = "" if not term[-1:].isalnum() else r"(?![A-Za-z0-9])"
    return re.search(left + re.escape(term) + right, text, re.IGNORECASE) is not None
