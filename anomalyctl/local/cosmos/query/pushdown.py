"""What SQLite can do of a query: filters and orders over columns, with the meaning unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from anomalyctl.local.cosmos.failures import CosmosFailure
from anomalyctl.local.cosmos.partition_keys import PartitionKey
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.execution import constant
from anomalyctl.local.cosmos.query.filters import (
    EVERYTHING,
    NOTHING,
    UNKNOWN,
    Filter,
    all_of,
    any_of,
    column_comparison,
    equality,
)
from anomalyctl.local.cosmos.query.values import UNDEFINED, kind, sort_key

Path = tuple[str, ...]

_NUMBER, _STRING, _ARRAY = kind(1), kind(""), kind([])
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


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
        """The best condition for WHERE; `UNKNOWN`, where nothing can be said."""
        if where is None:
            return EVERYTHING
        return self._translate(where) or UNKNOWN

    def order_column(self, expression: nodes.Expression) -> str | None:
        """The column that orders as the expression does."""
        path = self.path(expression)
        if path in (("id",), ("_ts",)):
            return "id" if path == ("id",) else "ts"
        return self._columns.get(path) if path else None

    def pins_partition(self, where: nodes.Expression | None) -> bool:
        """Whether WHERE asks for one value of the partition key: then the service needs no other sign."""
        match where:
            case nodes.Junction("AND", operands):
                return any(map(self.pins_partition, operands))
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
            case nodes.Junction(operator, operands):
                join = all_of if operator == "AND" else any_of
                return join([self._translate(operand) for operand in operands])
            case nodes.Binary(operator, left, right) if operator in _FLIPPED:
                return self._comparison(operator, left, right) or self._comparison(
                    _FLIPPED[operator], right, left
                )
            case nodes.Between(operand, low, high):
                ends = [self._comparison(">=", operand, low), self._comparison("<=", operand, high)]
                return all_of(ends)
            case nodes.Within(operand, options):
                return any_of([self._comparison("=", operand, option) for option in options])
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
            return NOTHING
        if path == self._partition_key and operator == "=" and kind(value) < _ARRAY:
            return equality("pk", PartitionKey((value,)).text)
        if path in (("id",), ("_ts",)):
            column, wanted = ("id", _STRING) if path == ("id",) else ("ts", _NUMBER)
            if kind(value) != wanted:
                return NOTHING
            return equality(column, value) if operator == "=" else Filter(f"{column} {operator} ?", (value,))
        if path in self._columns:
            return column_comparison(self._columns[path], operator, value)
        # An equal string stands somewhere in the document; most documents do not need to be parsed.
        needed = orjson.dumps(value) if operator == "=" and isinstance(value, str) else None
        return Filter("instr(body, ?) > 0", (needed,), exact=False) if needed else None

    def _prefix(self, text: nodes.Expression, prefix: nodes.Expression) -> Filter | None:
        path = self.path(text)
        value, known = self._constant(prefix)
        column = self._columns.get(path) if path else None
        if column is None or not known:
            return None
        if not isinstance(value, str):
            return NOTHING
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
