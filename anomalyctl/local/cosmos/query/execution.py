"""What a query means over documents: bind, filter, group, project, order, cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.aggregates import Accumulator
from anomalyctl.local.cosmos.query.expressions import Compiler, Evaluate, Row, object_of
from anomalyctl.local.cosmos.query.functions import AGGREGATES
from anomalyctl.local.cosmos.query.values import UNDEFINED, canonical, sort_key

_ROOT = "\0root"
_TOTALS = "\0totals"


class Execution:
    """One query with its parameters, compiled once; raises a 400 failure for what cannot be compiled."""

    def __init__(
        self, query: nodes.Query, parameters: Mapping[str, Any], outer: frozenset[str] = frozenset()
    ) -> None:
        self.query = query
        self._bind, aliases = _binding(query.sources, parameters, outer)
        plain = Compiler(parameters, aliases, _run_subquery)
        self._aggregates: list[tuple[str, Evaluate]] = []
        self.grouped = bool(query.group_by) or _has_aggregate(query.select)
        select = Compiler(parameters, aliases, _run_subquery, self._add_aggregate) if self.grouped else plain
        self._where = plain.compile(query.where) if query.where else None
        self._group_by = [plain.compile(expression) for expression in query.group_by]
        self._project = self._projection(select)
        self.order_by = [(select.compile(order.expression), order.descending) for order in query.order_by]
        self.offset = cut(query.offset, parameters) or 0
        limits = [
            found for found in (cut(query.limit, parameters), cut(query.top, parameters)) if found is not None
        ]
        self.limit = min(limits, default=None)

    def results(self, documents: Iterable[Any], outer: Row | None = None) -> Iterator[Any]:
        """Everything that the query gives for these documents, in its order, offset and limit applied."""
        rows = self._rows(documents, outer or {})
        if self.grouped:
            rows = self._groups(rows)
        if self.order_by:
            rows = iter(self._sorted(rows))
        values: Iterator[Any] = (value for row in rows if (value := self._project(row)) is not UNDEFINED)
        if self.query.distinct:
            values = _distinct(values)
        return islice(values, self.offset, None if self.limit is None else self.offset + self.limit)

    def project(self, document: Any) -> list[Any]:
        """What one document gives; grouping, order, DISTINCT and cuts are the caller's."""
        return [value for row in self._rows([document], {}) if (value := self._project(row)) is not UNDEFINED]

    def keyed(self, document: Any) -> list[tuple[list[bytes], Any]]:
        """The same, each with the sort keys of ORDER BY."""
        rows = ((row, self._project(row)) for row in self._rows([document], {}))
        return [
            ([sort_key(key(row)) for key, _ in self.order_by], value)
            for row, value in rows
            if value is not UNDEFINED
        ]

    def _rows(self, documents: Iterable[Any], outer: Row) -> Iterator[Row]:
        for document in documents:
            for row in self._bind({**outer, _ROOT: document}):
                if self._where is None or self._where(row) is True:
                    yield row

    def _groups(self, rows: Iterator[Row]) -> Iterator[Row]:
        groups: dict[bytes, tuple[Row, list[Accumulator]]] = {}
        if not self._group_by:
            groups[b""] = ({}, self._accumulators())
        for row in rows:
            keys = [key(row) for key in self._group_by]
            name = (
                canonical([["undefined"] if key is UNDEFINED else [key, 0] for key in keys]) if keys else b""
            )
            if name not in groups or not groups[name][0]:
                groups[name] = (row, groups[name][1] if name in groups else self._accumulators())
            for accumulator, (_, argument) in zip(groups[name][1], self._aggregates, strict=True):
                accumulator.add(argument(row))
        for row, accumulators in groups.values():
            yield _Lenient({**row, _TOTALS: [accumulator.result() for accumulator in accumulators]})

    def _sorted(self, rows: Iterator[Row]) -> list[Row]:
        ordered = list(rows)
        for expression, descending in reversed(self.order_by):
            ordered.sort(key=lambda row, key=expression: sort_key(key(row)), reverse=descending)  # type: ignore[misc]
        return ordered

    def _projection(self, compiler: Compiler) -> Evaluate:
        select = self.query.select
        if select.star:
            if len(self.query.sources) != 1:
                raise bad_request("'SELECT *' is only valid with a single input set.")
            return compiler.compile(nodes.Alias(self.query.sources[0].alias))
        if select.value is not None:
            return compiler.compile(select.value)
        names = [name for name, _ in select.columns]
        if len(set(names)) != len(names):
            raise bad_request("Two columns of SELECT have the same name; give one of them another with AS.")
        return object_of([(name, compiler.compile(column)) for name, column in select.columns])

    def _add_aggregate(self, name: str, argument: Evaluate) -> Evaluate:
        self._aggregates.append((name, argument))
        place = len(self._aggregates) - 1
        return lambda row: row[_TOTALS][place]

    def _accumulators(self) -> list[Accumulator]:
        return [Accumulator(name) for name, _ in self._aggregates]


def cut(expression: nodes.Expression | None, parameters: Mapping[str, Any]) -> int | None:
    """The whole number of TOP, OFFSET or LIMIT."""
    if expression is None:
        return None
    value = constant(expression, parameters)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise bad_request("TOP, OFFSET and LIMIT take a whole number that is not negative.")
    return value


def constant(expression: nodes.Expression, parameters: Mapping[str, Any]) -> Any:
    """The value of an expression that names no item. Raises a 400 failure where it does."""
    return Compiler(parameters, frozenset(), _run_subquery).compile(expression)({})


class _Lenient(dict[str, Any]):
    """A group without rows: every alias is undefined."""

    def __missing__(self, key: str) -> Any:
        return UNDEFINED


def _binding(
    sources: tuple[nodes.Source, ...], parameters: Mapping[str, Any], outer: frozenset[str]
) -> tuple[Callable[[Row], Iterator[Row]], frozenset[str]]:
    """How FROM and JOIN make rows of a document, and the aliases that they name."""
    aliases = outer
    steps: list[tuple[str, Callable[[Row], list[Any]]]] = []
    for place, source in enumerate(sources):
        steps.append(
            (source.alias, _elements(source, Compiler(parameters, aliases, _run_subquery), place == 0))
        )
        aliases = aliases | {source.alias}

    def bind(row: Row, step: int = 0) -> Iterator[Row]:
        if step == len(steps):
            yield row
            return
        alias, elements = steps[step]
        for element in elements(row):
            yield from bind({**row, alias: element}, step + 1)

    return bind, aliases


def _elements(source: nodes.Source, compiler: Compiler, first: bool) -> Callable[[Row], list[Any]]:
    if isinstance(source.expression, nodes.Query):
        return _run_subquery(source.expression, compiler)
    value = _from_container(source.expression, compiler, first)
    if source.each:
        return lambda row: list(found) if isinstance(found := value(row), list) else []
    return lambda row: [] if (found := value(row)) is UNDEFINED else [found]


def _from_container(expression: nodes.Expression, compiler: Compiler, first: bool) -> Evaluate:
    """In the outermost FROM the first word is any name for the container."""
    base = expression
    while isinstance(base, nodes.Property):
        base = base.base
    if first and isinstance(base, nodes.Alias) and base.name not in compiler.aliases:
        named = Compiler(compiler.parameters, compiler.aliases | {base.name}, compiler.run_subquery)
        inner, name = named.compile(expression), base.name
        return lambda row: inner({**row, name: row[_ROOT]})
    return compiler.compile(expression)


def _run_subquery(query: nodes.Query, compiler: Compiler) -> Callable[[Row], list[Any]]:
    execution = Execution(query, compiler.parameters, compiler.aliases)
    return lambda row: list(execution.results([row.get(_ROOT)], row))


def _has_aggregate(select: nodes.Select) -> bool:
    expressions = [select.value] if select.value is not None else [column for _, column in select.columns]
    return any(_contains_aggregate(expression) for expression in expressions)


def _contains_aggregate(node: Any) -> bool:
    match node:
        case nodes.Call(name, arguments):
            return name in AGGREGATES or any(map(_contains_aggregate, arguments))
        case nodes.Unary(_, operand):
            return _contains_aggregate(operand)
        case nodes.Junction(_, operands):
            return any(map(_contains_aggregate, operands))
        case nodes.Binary(_, left, right):
            return _contains_aggregate(left) or _contains_aggregate(right)
        case nodes.Property(base, _):
            return _contains_aggregate(base)
        case nodes.ArrayOf(items):
            return any(map(_contains_aggregate, items))
        case nodes.ObjectOf(entries):
            return any(_contains_aggregate(value) for _, value in entries)
    return False


def _distinct(values: Iterator[Any]) -> Iterator[Any]:
    seen: set[bytes] = set()
    for value in values:
        if (name := canonical(value)) not in seen:
            seen.add(name)
            yield value
