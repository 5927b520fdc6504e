"""What SQLite can do of a query: filters and orders over columns, translated without changing their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from anomalyctl.local.cosmos.failures import CosmosFailure
from anomalyctl.local.cosmos.partition_keys import PartitionKey
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import constant
from anomalyctl.local.cosmos.query.values import UNDEFINED, kind, sort_key

Path = tuple[str, ...]

_NUMBER, _STRING, _ARRAY = kind(1), kind(""), kind([])
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Filter:
    """An SQL condition. Where it is not exact, it lets through more than the query does."""

    sql: str
    parameters: tuple[Any, ...] = ()
    exact: bool = True


EVERYTHING = Filter("1")
_NOTHING = Filter("0")


class Pushdown:
    """Translates for one container: its indexed columns, its partition key, the alias of its items."""

    def __init__(
        self,
        alias: str,
        columns: Mapping[Path, str],
        partition_key_paths: tuple[Path, ...],
        parameters: Mapping[str, Any],
    ) -> None:
        self._alias = alias
        self._columns = columns
        self._partition_key = partition_key_paths[0] if len(partition_key_paths) == 1 else None
        self._parameters = parameters

    def filter(self, where: nodes.Expression | None) -> Filter:
        """The best condition for WHERE; `EVERYTHING`, not exact, where nothing can be said."""
        if where is None:
            return EVERYTHING
        return self._translate(where) or Filter("1", exact=False)

    def order_column(self, expression: nodes.Expression) -> str | None:
        """The column that orders as the expression does."""
        path = self.path(expression)
        if path in (("id",), ("_ts",)):
            return "id" if path == ("id",) else "ts"
        return self._columns.get(path) if path else None

    def pins_partition(self, where: nodes.Expression | None) -> bool:
        """Whether WHERE asks for one value of the partition key (as the service, which then needs no other sign)."""
        match where:
            case nodes.Binary("AND", left, right):
                return self.pins_partition(left) or self.pins_partition(right)
            case nodes.Binary("=", left, right):
                sides = (self.path(left), self.path(right))
                return self._partition_key is not None and self._partition_key in sides
        return False

    def path(self, node: nodes.Expression) -> Path | None:
        """The path into the item that an expression names, if it is one."""
        steps: list[str] = []
        while isinstance(node, nodes.Property):
            if not isinstance(node.key, nodes.Literal) or not isinstance(node.key.value, str):
                return None
            steps.append(node.key.value)
            node = node.base
        return tuple(reversed(steps)) if isinstance(node, nodes.Alias) and node.name == self._alias else None

    def _translate(self, node: nodes.Expression) -> Filter | None:
        match node:
            case nodes.Binary("AND", left, right):
                return _both(self._translate(left), self._translate(right))
            case nodes.Binary("OR", left, right):
                return _either(self._translate(left), self._translate(right))
            case nodes.Binary(operator, left, right) if operator in _FLIPPED:
                return self._comparison(operator, left, right) or self._comparison(
                    _FLIPPED[operator], right, left
                )
            case nodes.Between(operand, low, high):
                return _both(
                    self._comparison(">=", operand, low), self._comparison("<=", operand, high), whole=True
                )
            case nodes.Within(operand, options):
                parts = [self._comparison("=", operand, option) for option in options]
                joined: Filter | None = parts[0]
                for part in parts[1:]:
                    joined = _either(joined, part)
                return joined
            case nodes.Call("IS_DEFINED", (argument,)):
                path = self.path(argument)
                column = self._columns.get(path) if path else None
                return Filter(f"{column} != x''") if column else None
            case nodes.Call("STARTSWITH", (text, prefix)):
                return self._prefix(text, prefix)
        return None

    def _comparison(self, operator: str, left: nodes.Expression, right: nodes.Expression) -> Filter | None:
        path = self.path(left)
        value, known = self._constant(right)
        if path is None or not known:
            return None
        if value is UNDEFINED:
            return _NOTHING
        if path == self._partition_key and operator == "=" and kind(value) < _ARRAY:
            return Filter("pk = ?", (PartitionKey((value,)).text,))
        if path in (("id",), ("_ts",)):
            column, wanted = ("id", _STRING) if path == ("id",) else ("ts", _NUMBER)
            return Filter(f"{column} {operator} ?", (value,)) if kind(value) == wanted else _NOTHING
        if path in self._columns:
            return _column_comparison(self._columns[path], operator, value)
        # The text of an equal string stands somewhere in the document; most documents do not need to be parsed.
        needed = orjson.dumps(value) if operator == "=" and isinstance(value, str) else None
        return Filter("instr(body, ?) > 0", (needed,), exact=False) if needed else None

    def _prefix(self, text: nodes.Expression, prefix: nodes.Expression) -> Filter | None:
        path = self.path(text)
        value, known = self._constant(prefix)
        column = self._columns.get(path) if path else None
        if column is None or not known:
            return None
        if not isinstance(value, str):
            return _NOTHING
        low = sort_key(value)
        return Filter(f"{column} >= ? AND {column} < ?", (low, low + b"\xff"))

    def _constant(self, node: nodes.Expression) -> tuple[Any, bool]:
        if isinstance(node, nodes.Property | nodes.Alias | nodes.Subquery):
            return None, False
        try:
            return constant(node, self._parameters), True
        except CosmosFailure:
            # It names the item: no constant.
            return None, False


def _column_comparison(column: str, operator: str, value: Any) -> Filter | None:
    key = sort_key(value)
    if operator == "=":
        return Filter(f"{column} = ?", (key,), exact=kind(value) < _ARRAY)
    if kind(value) >= _ARRAY:
        return None
    low, high = (b"\x20", b"\x31") if isinstance(value, bool) else (key[:1], bytes([key[0] + 1]))
    if operator == "!=":
        return Filter(f"{column} >= ? AND {column} < ? AND {column} != ?", (low, high, key))
    if operator in ("<", "<="):
        return Filter(f"{column} >= ? AND {column} {operator} ?", (low, key))
    return Filter(f"{column} {operator} ? AND {column} < ?", (key, high))


def _both(left: Filter | None, right: Filter | None, *, whole: bool = False) -> Filter | None:
    if left is None or right is None:
        found = None if whole else left or right
        return Filter(found.sql, found.parameters, exact=False) if found else None
    return Filter(
        f"({left.sql}) AND ({right.sql})", left.parameters + right.parameters, left.exact and right.exact
    )


def _either(left: Filter | None, right: Filter | None) -> Filter | None:
    if left is None or right is None:
        return None
    return Filter(
        f"(({left.sql}) OR ({right.sql}))", left.parameters + right.parameters, left.exact and right.exact
    )
