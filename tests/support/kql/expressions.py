"""Kusto's expressions over one row."""

from __future__ import annotations

import operator as operators
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lark import Token, Tree

from tests.support.kql.functions import SCALAR, as_text, has_term
from tests.support.kql.refusing import Refused, no_column

Row = dict[str, Any]
_SPANS: Final = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_ORDERS: Final = {">": operators.gt, "<": operators.lt, ">=": operators.ge, "<=": operators.le}
_SPECIAL: Final = frozenset({"iff", "case", "column_ifexists", "ingestion_time", "now", "ago"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Columns that there are, names that were bound by `let`, and the clock."""

    columns: tuple[str, ...]
    names: dict[str, Any]
    now: datetime

    def over(self, columns: tuple[str, ...]) -> Scope:
        """The same over other columns."""
        return Scope(columns, self.names, self.now)

    def checked(self, tree: Any, operator: str) -> Scope:
        """Itself. Raises Refused where an expression names what is not there, also where there is no row."""
        if isinstance(tree, Tree):
            if tree.data == "name":
                name = str(tree.children[0])
                if name not in self.columns and name not in self.names:
                    raise no_column(name, operator)
            if tree.data == "call":
                name = str(tree.children[0])
                if name not in SCALAR and name not in _SPECIAL:
                    raise Refused("SEM0260", f"Unknown function: '{name}'.")
                if name == "column_ifexists":
                    return self.checked(tree.children[2], operator)
            for child in tree.children:
                self.checked(child, operator)
        return self


def evaluated(tree: Any, scope: Scope, row: Row, operator: str) -> Any:
    """Its value in a row."""
    kind, parts = str(tree.data), tree.children
    if kind in ("string", "text"):
        return str(parts[0])[1:-1]
    if kind == "number":
        return float(parts[0]) if "." in parts[0] else int(parts[0])
    if kind in ("true", "false"):
        return kind == "true"
    if kind == "moment":
        told = datetime.fromisoformat(str(parts[0]))
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    if kind == "span":
        unit = str(parts[0]).lstrip("0123456789.")
        return timedelta(**{_SPANS[unit]: float(str(parts[0])[: -len(unit)])})
    if kind == "nothing":
        return None
    if kind == "name":
        name = str(parts[0])
        if name in scope.columns:
            return row.get(name)
        if name in scope.names:
            return scope.names[name]
        raise no_column(name, operator)
    if kind == "call":
        return _called(str(parts[0]), [one for one in parts[1:] if one is not None], scope, row, operator)
    values = [part if isinstance(part, Token) else evaluated(part, scope, row, operator) for part in parts]
    if kind == "any_of":
        return any(values)
    if kind == "all_of":
        return all(values)
    if kind == "arithmetic":
        return combined(values)
    if kind == "inside":
        return values[0].get(str(values[1]).strip('"')) if isinstance(values[0], dict) else None
    if kind == "compare":
        return _compared(*values)
    left, word, *held = values
    if word == "in~":
        return as_text(left).lower() in [as_text(one).lower() for one in held]
    return (left in held) != (word == "!in")


def combined(values: list[Any]) -> Any:
    """Sums and products from left to right; what rests on nothing is nothing."""
    total = values[0]
    for sign, value in zip(values[1::2], values[2::2], strict=True):
        if total is None or value is None:
            return None
        if sign == "/":
            total = total / value if value else None
        else:
            total = {"+": operators.add, "-": operators.sub, "*": operators.mul}[str(sign)](total, value)
    return total


def _compared(left: Any, word: str, right: Any) -> bool:
    if word in _ORDERS:
        return left is not None and right is not None and bool(_ORDERS[word](left, right))
    if word in ("==", "!="):
        return (left == right) == (word == "==")
    text, wanted = as_text(left).lower(), as_text(right).lower()
    found = {
        "has": lambda: has_term(text, wanted),
        "startswith": lambda: text.startswith(wanted),
        "endswith": lambda: text.endswith(wanted),
        "contains": lambda: wanted in text,
        "=~": lambda: text == wanted,
    }[word.removeprefix("!")]()
    return found != word.startswith("!")


def _called(name: str, parts: list[Any], scope: Scope, row: Row, operator: str) -> Any:
    if name == "now":
        return scope.now
    if name == "ago":
        return scope.now - evaluated(parts[0], scope, row, operator)
    if name == "ingestion_time":
        return row.get("_arrived", row.get("TimeGenerated"))
    if name == "column_ifexists":
        column = str(parts[0].children[0])[1:-1]
        return row.get(column) if column in scope.columns else evaluated(parts[1], scope, row, operator)
    if name in ("iff", "case"):
        *pairs, last = parts
        for condition, then in zip(pairs[::2], pairs[1::2], strict=True):
            if evaluated(condition, scope, row, operator):
                return evaluated(then, scope, row, operator)
        return evaluated(last, scope, row, operator)
    if name not in SCALAR:
        raise Refused("SEM0260", f"Unknown function: '{name}'.")
    return SCALAR[name](*(evaluated(one, scope, row, operator) for one in parts))
