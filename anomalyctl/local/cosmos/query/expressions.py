"""Expressions compiled to closures: a row (values by alias) in, a value or `UNDEFINED` out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.functions import AGGREGATES, FUNCTIONS
from anomalyctl.local.cosmos.query.values import UNDEFINED, compare, equal, kind

Row = Mapping[str, Any]
Evaluate = Callable[[Row], Any]
RunSubquery = Callable[[nodes.Query, "Compiler"], Callable[[Row], list[Any]]]

_NUMBER = kind(1)


class Compiler:
    """Knows the parameters, which aliases exist, and how a subquery is run.

    `aggregate` stands for an aggregate where one is allowed (in SELECT); elsewhere one is refused.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        aliases: frozenset[str],
        run_subquery: RunSubquery,
        aggregate: Callable[[str, Evaluate], Evaluate] | None = None,
    ) -> None:
        self.parameters = parameters
        self.aliases = aliases
        self.run_subquery = run_subquery
        self.aggregate = aggregate

    def compile(self, node: nodes.Expression) -> Evaluate:
        """The closure of an expression. Raises a 400 failure for an unknown name, parameter or function."""
        match node:
            case nodes.Literal(value):
                return lambda row: value
            case nodes.Parameter(name):
                if name not in self.parameters:
                    raise bad_request(f"The query uses the parameter {name}, which was not given.")
                given = self.parameters[name]
                return lambda row: given
            case nodes.Alias(name):
                if name not in self.aliases:
                    raise bad_request(f"Identifier '{name}' could not be resolved.")
                return lambda row: row[name]
            case nodes.Property(base, key):
                return _property(self.compile(base), self.compile(key))
            case nodes.Unary(operator, operand):
                return _unary(operator, self.compile(operand))
            case nodes.Junction(operator, operands):
                return _junction([self.compile(operand) for operand in operands], operator == "OR")
            case nodes.Binary(operator, left, right):
                return _BINARY[operator](self.compile(left), self.compile(right))
            case nodes.Within(operand, options):
                return _within(self.compile(operand), [self.compile(option) for option in options])
            case nodes.Between(operand, low, high):
                return _between(self.compile(operand), self.compile(low), self.compile(high))
            case nodes.Like(operand, pattern, escape):
                return _like(self.compile(operand), self.compile(pattern), escape)
            case nodes.Call(name, arguments):
                return self._call(name, arguments)
            case nodes.ArrayOf(items):
                return _array([self.compile(item) for item in items])
            case nodes.ObjectOf(entries):
                return object_of([(key, self.compile(value)) for key, value in entries])
            case nodes.Subquery(use, query):
                return _subquery(use, self.run_subquery(query, self))

    def _call(self, name: str, arguments: tuple[nodes.Expression, ...]) -> Evaluate:
        if name in AGGREGATES:
            if self.aggregate is None or len(arguments) != 1:
                raise bad_request(f"The aggregate {name} takes one argument and stands in SELECT.")
            plain = Compiler(self.parameters, self.aliases, self.run_subquery)
            return self.aggregate(name, plain.compile(arguments[0]))
        if name not in FUNCTIONS:
            raise bad_request(f"'{name}' is not a function that the local endpoint knows.")
        fewest, most, function = FUNCTIONS[name]
        if not fewest <= len(arguments) <= most:
            raise bad_request(f"The function {name} requires {fewest} to {most} arguments.")
        compiled = [self.compile(argument) for argument in arguments]
        return lambda row: function(*(argument(row) for argument in compiled))


def object_of(entries: list[tuple[str, Evaluate]]) -> Evaluate:
    """An object of the entries that are defined."""

    def evaluate(row: Row) -> Any:
        found = ((key, value(row)) for key, value in entries)
        return {key: value for key, value in found if value is not UNDEFINED}

    return evaluate


def _property(base: Evaluate, key: Evaluate) -> Evaluate:
    def evaluate(row: Row) -> Any:
        holder, name = base(row), key(row)
        if isinstance(holder, dict) and isinstance(name, str):
            return holder.get(name, UNDEFINED)
        if (
            isinstance(holder, list)
            and isinstance(name, int)
            and not isinstance(name, bool)
            and 0 <= name < len(holder)
        ):
            return holder[name]
        return UNDEFINED

    return evaluate


def _unary(operator: str, operand: Evaluate) -> Evaluate:
    def negate(row: Row) -> Any:
        value = operand(row)
        return not value if isinstance(value, bool) else UNDEFINED

    def sign(row: Row) -> Any:
        value = operand(row)
        if kind(value) != _NUMBER:
            return UNDEFINED
        return -value if operator == "-" else value

    return negate if operator == "NOT" else sign


def _junction(operands: list[Evaluate], decisive: bool) -> Evaluate:
    """AND is decided by one false, OR by one true; else undefined beats the other."""

    def evaluate(row: Row) -> Any:
        outcome: Any = not decisive
        for operand in operands:
            value = operand(row)
            if value is decisive:
                return decisive
            if value is not outcome:
                outcome = UNDEFINED
        return outcome

    return evaluate


def _equality(wanted: bool) -> Callable[[Evaluate, Evaluate], Evaluate]:
    def combine(left: Evaluate, right: Evaluate) -> Evaluate:
        def evaluate(row: Row) -> Any:
            same = equal(left(row), right(row))
            return same if same is UNDEFINED else same is wanted

        return evaluate

    return combine


def _comparison(accept: Callable[[int], bool]) -> Callable[[Evaluate, Evaluate], Evaluate]:
    def combine(left: Evaluate, right: Evaluate) -> Evaluate:
        def evaluate(row: Row) -> Any:
            order = compare(left(row), right(row))
            return order if order is UNDEFINED else accept(order)

        return evaluate

    return combine


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Evaluate, Evaluate], Evaluate]:
    def combine(left: Evaluate, right: Evaluate) -> Evaluate:
        def evaluate(row: Row) -> Any:
            first, second = left(row), right(row)
            if kind(first) != _NUMBER or kind(second) != _NUMBER:
                return UNDEFINED
            try:
                return compute(first, second)
            except ZeroDivisionError:
                return UNDEFINED

        return evaluate

    return combine


def _concatenate(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(row: Row) -> Any:
        first, second = left(row), right(row)
        return first + second if isinstance(first, str) and isinstance(second, str) else UNDEFINED

    return evaluate


def _coalesce(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(row: Row) -> Any:
        first = left(row)
        return right(row) if first is UNDEFINED else first

    return evaluate


_BINARY: dict[str, Callable[[Evaluate, Evaluate], Evaluate]] = {
    "=": _equality(True),
    "!=": _equality(False),
    "<": _comparison(lambda order: order < 0),
    "<=": _comparison(lambda order: order <= 0),
    ">": _comparison(lambda order: order > 0),
    ">=": _comparison(lambda order: order >= 0),
    "+": _arithmetic(lambda first, second: first + second),
    "-": _arithmetic(lambda first, second: first - second),
    "*": _arithmetic(lambda first, second: first * second),
    "/": _arithmetic(lambda first, second: first / second),
    "%": _arithmetic(lambda first, second: first % second),
    "||": _concatenate,
    "??": _coalesce,
}


def _within(operand: Evaluate, options: list[Evaluate]) -> Evaluate:
    def evaluate(row: Row) -> Any:
        value = operand(row)
        return (
            UNDEFINED if value is UNDEFINED else any(equal(value, option(row)) is True for option in options)
        )

    return evaluate


def _between(operand: Evaluate, low: Evaluate, high: Evaluate) -> Evaluate:
    return _junction([_BINARY[">="](operand, low), _BINARY["<="](operand, high)], decisive=False)


def _like(operand: Evaluate, pattern: Evaluate, escape: str | None) -> Evaluate:
    def evaluate(row: Row) -> Any:
        text, wanted = operand(row), pattern(row)
        if not isinstance(text, str) or not isinstance(wanted, str):
            return UNDEFINED
        return re.fullmatch(_like_to_regex(wanted, escape), text, re.DOTALL) is not None

    return evaluate


def _like_to_regex(pattern: str, escape: str | None) -> str:
    out, position = [], 0
    while position < len(pattern):
        letter = pattern[position]
        end = pattern.find("]", position + 1) if letter == "[" else -1
        if escape and letter == escape and position + 1 < len(pattern):
            position += 1
            out.append(re.escape(pattern[position]))
        elif letter in "%_":
            out.append(".*" if letter == "%" else ".")
        elif end > position + 1:
            out.append("[" + pattern[position + 1 : end].replace("\\", "\\\\") + "]")
            position = end
        else:
            out.append(re.escape(letter))
        position += 1
    return "".join(out)


def _array(items: list[Evaluate]) -> Evaluate:
    return lambda row: [value for item in items if (value := item(row)) is not UNDEFINED]


def _subquery(use: str, run: Callable[[Row], list[Any]]) -> Evaluate:
    if use == "exists":
        return lambda row: len(run(row)) > 0
    if use == "array":
        return run
    return lambda row: next(iter(run(row)), UNDEFINED)
