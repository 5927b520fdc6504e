"""SQL conditions and how they are joined, keeping track of whether they say exactly what the query does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from anomalyctl.local.cosmos.query.values import kind, sort_key

_ARRAY = kind([])
_MOST_ALTERNATIVES = 50
"""SQLite's expressions may be 1,000 deep, and a chain of OR is as deep as it is long."""
_MOST_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Filter:
    """An SQL condition. Where it is not exact, it lets through more than the query does."""

    sql: str
    parameters: tuple[Any, ...] = ()
    exact: bool = True
    equalities: Mapping[str, Any] = field(default_factory=dict)
    """Columns that have one value in every row that passes."""


EVERYTHING = Filter("1")
NOTHING = Filter("0")
UNKNOWN = Filter("1", exact=False)


def equality(column: str, value: Any, *, exact: bool = True) -> Filter:
    """The column has that value."""
    return Filter(f"{column} = ?", (value,), exact, {column: value})


def column_comparison(column: str, operator: str, value: Any) -> Filter | None:
    """A comparison with a column of sort keys: within the value's type alone. None for arrays and objects."""
    key = sort_key(value)
    if operator == "=":
        return equality(column, key, exact=kind(value) < _ARRAY)
    if kind(value) >= _ARRAY:
        return None
    low, high = (b"\x20", b"\x31") if isinstance(value, bool) else (key[:1], bytes([key[0] + 1]))
    if operator == "!=":
        return Filter(f"{column} >= ? AND {column} < ? AND {column} != ?", (low, high, key))
    if operator in ("<", "<="):
        return Filter(f"{column} >= ? AND {column} {operator} ?", (low, key))
    return Filter(f"{column} {operator} ? AND {column} < ?", (key, high))


def all_of(parts: Sequence[Filter | None]) -> Filter | None:
    """Every part holds; what could not be translated (None) is left to the query itself."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    equalities: dict[str, Any] = {}
    for part in known:
        equalities |= part.equalities
    exact = len(known) == len(parts) and all(part.exact for part in known)
    return Filter(" AND ".join(f"({part.sql})" for part in known), _parameters(known), exact, equalities)


def any_of(parts: Sequence[Filter | None]) -> Filter | None:
    """One of the parts holds; None where one of them could not be translated."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    for column in known[0].equalities:
        same = all(column in part.equalities for part in known)
        alone = same and all(part.sql == f"{column} = ?" for part in known)
        if alone or (same and len(known) > _MOST_ALTERNATIVES):
            values = tuple(dict.fromkeys(part.equalities[column] for part in known))
            if len(values) > _MOST_LISTED:
                return None
            exact = alone and all(part.exact for part in known)
            return Filter(f"{column} IN ({', '.join('?' * len(values))})", values, exact)
    if len(known) > _MOST_ALTERNATIVES:
        return None
    return Filter(
        "(" + " OR ".join(f"({part.sql})" for part in known) + ")",
        _parameters(known),
        all(part.exact for part in known),
    )


def _parameters(parts: Sequence[Filter]) -> tuple[Any, ...]:
    return tuple(parameter for part in parts for parameter in part.parameters)
