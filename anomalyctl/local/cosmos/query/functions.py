"""The built-in functions: values in, a value or `UNDEFINED` out. Wrong types are undefined, as in Cosmos."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from anomalyctl.local.cosmos.query import dates
from anomalyctl.local.cosmos.query.values import UNDEFINED, equal, kind

Function = Callable[..., Any]


def _is(*kinds: int) -> Function:
    return lambda value: kind(value) in kinds


def _text(function: Callable[[str], Any]) -> Function:
    return lambda value: function(value) if isinstance(value, str) else UNDEFINED


def _number(function: Callable[[Any], Any]) -> Function:
    def applied(value: Any) -> Any:
        try:
            return function(value) if kind(value) == _NUMBER else UNDEFINED
        except (ValueError, OverflowError):
            return UNDEFINED

    return applied


def _search(function: Callable[[str, str], Any]) -> Function:
    """A test of two strings; a third argument that is true ignores case."""

    def applied(text: Any, part: Any, ignore_case: Any = False) -> Any:
        if not isinstance(text, str) or not isinstance(part, str):
            return UNDEFINED
        return function(text.casefold(), part.casefold()) if ignore_case is True else function(text, part)

    return applied


def _array_contains(array: Any, wanted: Any, partial: Any = False) -> Any:
    if not isinstance(array, list):
        return UNDEFINED
    if partial is True and isinstance(wanted, dict):
        return any(
            isinstance(entry, dict)
            and all(equal(entry.get(key, UNDEFINED), value) is True for key, value in wanted.items())
            for entry in array
        )
    return any(equal(entry, wanted) is True for entry in array)


def _substring(text: Any, start: Any, length: Any) -> Any:
    if not isinstance(text, str) or kind(start) != _NUMBER or kind(length) != _NUMBER or start < 0:
        return UNDEFINED
    return text[int(start) : int(start) + max(int(length), 0)]


def _concat(*parts: Any) -> Any:
    return "".join(parts) if all(isinstance(part, str) for part in parts) else UNDEFINED


def _to_string(value: Any) -> Any:
    if value is UNDEFINED or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _to_number(text: Any) -> Any:
    try:
        number = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        return UNDEFINED
    if not math.isfinite(number):
        return UNDEFINED
    return int(number) if number.is_integer() else number


_NUMBER = kind(1)
_ARRAY, _OBJECT = kind([]), kind({})

FUNCTIONS: dict[str, tuple[int, int, Function]] = {
    "IS_DEFINED": (1, 1, lambda value: value is not UNDEFINED),
    "IS_NULL": (1, 1, lambda value: value is None),
    "IS_BOOL": (1, 1, lambda value: isinstance(value, bool)),
    "IS_NUMBER": (1, 1, _is(_NUMBER)),
    "IS_STRING": (1, 1, lambda value: isinstance(value, str)),
    "IS_ARRAY": (1, 1, _is(_ARRAY)),
    "IS_OBJECT": (1, 1, _is(_OBJECT)),
    "IS_PRIMITIVE": (1, 1, lambda value: 0 < kind(value) < _ARRAY),
    "ARRAY_CONTAINS": (2, 3, _array_contains),
    "ARRAY_LENGTH": (1, 1, lambda value: len(value) if isinstance(value, list) else UNDEFINED),
    "CONTAINS": (2, 3, _search(lambda text, part: part in text)),
    "STARTSWITH": (2, 3, _search(str.startswith)),
    "ENDSWITH": (2, 3, _search(str.endswith)),
    "STRINGEQUALS": (2, 3, _search(str.__eq__)),
    "LOWER": (1, 1, _text(str.lower)),
    "UPPER": (1, 1, _text(str.upper)),
    "TRIM": (1, 1, _text(str.strip)),
    "LENGTH": (1, 1, _text(len)),
    "SUBSTRING": (3, 3, _substring),
    "CONCAT": (2, 99, _concat),
    "TOSTRING": (1, 1, _to_string),
    "STRINGTONUMBER": (1, 1, _to_number),
    "ABS": (1, 1, _number(abs)),
    "FLOOR": (1, 1, _number(math.floor)),
    "CEILING": (1, 1, _number(math.ceil)),
    "ROUND": (1, 1, _number(lambda value: math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1))),
    "SQRT": (1, 1, _number(math.sqrt)),
    "DATETIMEDIFF": (3, 3, dates.date_time_diff),
    "DATETIMEADD": (3, 3, dates.date_time_add),
    "DATETIMEPART": (2, 2, dates.date_time_part),
    "DATETIMETOTIMESTAMP": (1, 1, dates.to_timestamp),
    "TIMESTAMPTODATETIME": (1, 1, dates.from_timestamp),
}
"""By name: fewest and most arguments, and what it computes."""

AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG"})
"""The functions of many rows; they are computed by `aggregates.py`."""
