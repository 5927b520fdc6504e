"""From the text of a query, or of a patch's condition, to its tree."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import lark
import orjson

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.query import nodes
from anomalyctl.local.cosmos.query.values import UNDEFINED


@lru_cache(maxsize=512)
def parse_query(text: str) -> nodes.Query:
    """The tree of a SELECT. Raises a 400 failure that says where the text leaves the grammar."""
    return _parse(text, nodes.Query)  # type: ignore[no-any-return]


@lru_cache(maxsize=128)
def parse_condition(text: str) -> nodes.Condition:
    """The tree of `FROM c WHERE …`, the condition of a patch. Raises a 400 failure."""
    return _parse(text, nodes.Condition)  # type: ignore[no-any-return]


def _parse(text: str, wanted: type) -> Any:
    try:
        tree = _parser().parse(text)
    except lark.UnexpectedInput as error:
        where = f"line {error.line}, column {error.column}"
        near = text[error.pos_in_stream or 0 :][:30] or "the end of the query"
        raise bad_request(
            f"Syntax error, incorrect syntax near {near!r} ({where}). The local endpoint knows a subset "
            'of Cosmos SQL; a keyword as a property name needs brackets, like c["value"].'
        ) from None
    if not isinstance(tree, wanted):
        raise bad_request(
            f"Expected a {'SELECT query' if wanted is nodes.Query else 'condition'}: {text[:60]!r}."
        )
    return tree


@lru_cache(maxsize=1)
def _parser() -> lark.Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text()
    return lark.Lark(grammar, parser="lalr", maybe_placeholders=True, transformer=_TreeBuilder())


class _TreeBuilder(lark.Transformer[lark.Token, Any]):
    """One method per rule of the grammar."""

    def start(self, children: list[Any]) -> Any:
        return children[0]

    def condition(self, children: list[Any]) -> nodes.Condition:
        return nodes.Condition(children[1], children[3])

    def query(self, children: list[Any]) -> nodes.Query:
        _, distinct, top, select, sources, where, group_by, order_by, page = children
        offset, limit = page or (None, None)
        return nodes.Query(
            select=select,
            sources=sources or (),
            where=where,
            group_by=group_by or (),
            order_by=order_by or (),
            distinct=distinct is not None,
            top=top,
            offset=offset,
            limit=limit,
        )

    def top(self, children: list[Any]) -> Any:
        return children[1]

    def star(self, children: list[Any]) -> nodes.Select:
        return nodes.Select(star=True)

    def value(self, children: list[Any]) -> nodes.Select:
        return nodes.Select(value=children[1])

    def columns(self, children: list[Any]) -> nodes.Select:
        unnamed = (f"${number}" for number in range(1, len(children) + 1))
        return nodes.Select(
            columns=tuple((name or _own_name(column) or next(unnamed), column) for name, column in children)
        )

    def column(self, children: list[Any]) -> tuple[str | None, Any]:
        return children[-1], children[0]

    def from_clause(self, children: list[Any]) -> tuple[nodes.Source, ...]:
        return tuple(child for child in children if isinstance(child, nodes.Source))

    def each(self, children: list[Any]) -> nodes.Source:
        return nodes.Source(children[0], children[2], each=True)

    def whole(self, children: list[Any]) -> nodes.Source:
        expression, alias = children[0], children[-1]
        return nodes.Source(
            alias or _own_name(expression) or "", expression, each=isinstance(expression, nodes.Query)
        )

    def path(self, children: list[Any]) -> Any:
        result: Any = nodes.Alias(children[0])
        for key in children[1:]:
            result = nodes.Property(result, key)
        return result

    def dotted(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(children[0])

    def bracketed(self, children: list[Any]) -> Any:
        return children[0]

    def where(self, children: list[Any]) -> Any:
        return children[1]

    def group_by(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children[2:])

    def order_by(self, children: list[Any]) -> tuple[Any, ...]:
        return tuple(children[2:])

    def order(self, children: list[Any]) -> nodes.Order:
        return nodes.Order(children[0], any(str(word).upper() == "DESC" for word in children[1:] if word))

    def page(self, children: list[Any]) -> tuple[Any, Any]:
        return children[1], children[3]

    def binary(self, children: list[Any]) -> nodes.Binary:
        left, operator, right = children
        return nodes.Binary(str(operator).upper().replace("<>", "!="), left, right)

    def junction(self, children: list[Any]) -> nodes.Junction:
        left, word, right = children
        operator = str(word).upper()
        chained = isinstance(left, nodes.Junction) and left.operator == operator
        return nodes.Junction(operator, (*left.operands, right) if chained else (left, right))

    def unary(self, children: list[Any]) -> nodes.Unary:
        return nodes.Unary(str(children[0]).upper(), children[1])

    def within(self, children: list[Any]) -> Any:
        operand, negated, _, *options = children
        return _negate(negated, nodes.Within(operand, tuple(options)))

    def between(self, children: list[Any]) -> Any:
        operand, negated, _, low, _, high = children
        return _negate(negated, nodes.Between(operand, low, high))

    def like(self, children: list[Any]) -> Any:
        operand, negated, _, pattern, *escape = children
        return _negate(negated, nodes.Like(operand, pattern, _unquote(escape[-1]) if escape[-1] else None))

    def dot(self, children: list[Any]) -> nodes.Property:
        return nodes.Property(children[0], nodes.Literal(children[1]))

    def bracket(self, children: list[Any]) -> nodes.Property:
        return nodes.Property(children[0], children[1])

    def number(self, children: list[Any]) -> nodes.Literal:
        try:
            return nodes.Literal(orjson.loads(str(children[0])))
        except orjson.JSONDecodeError:
            raise bad_request(f"Syntax error: {str(children[0])[:40]} is larger than any number.") from None

    def string(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(_unquote(children[0]))

    def true(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(True)

    def false(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(False)

    def null(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(None)

    def undefined(self, children: list[Any]) -> nodes.Literal:
        return nodes.Literal(UNDEFINED)

    def parameter(self, children: list[Any]) -> nodes.Parameter:
        return nodes.Parameter(str(children[0]))

    def alias(self, children: list[Any]) -> nodes.Alias:
        return nodes.Alias(children[0])

    def call(self, children: list[Any]) -> nodes.Call:
        return nodes.Call(children[0].upper(), tuple(child for child in children[1:] if child is not None))

    def subquery(self, children: list[Any]) -> Any:
        return children[0]

    def scalar(self, children: list[Any]) -> nodes.Subquery:
        return nodes.Subquery("scalar", children[0])

    def exists(self, children: list[Any]) -> nodes.Subquery:
        return nodes.Subquery("exists", children[1])

    def array_of_query(self, children: list[Any]) -> nodes.Subquery:
        return nodes.Subquery("array", children[1])

    def array(self, children: list[Any]) -> nodes.ArrayOf:
        return nodes.ArrayOf(tuple(child for child in children if child is not None))

    def object(self, children: list[Any]) -> nodes.ObjectOf:
        return nodes.ObjectOf(tuple(child for child in children if child is not None))

    def entry(self, children: list[Any]) -> tuple[str, Any]:
        key = str(children[0])
        return (_unquote(key) if key[0] in "\"'" else key), children[1]

    def name(self, children: list[Any]) -> str:
        return str(children[0])


def _negate(negated: Any, expression: Any) -> Any:
    return nodes.Unary("NOT", expression) if negated else expression


def _own_name(expression: Any) -> str | None:
    if isinstance(expression, nodes.Property) and isinstance(expression.key, nodes.Literal):
        return expression.key.value if isinstance(expression.key.value, str) else None
    return expression.name if isinstance(expression, nodes.Alias) else None


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unquote(quoted: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPES.get(code, code)

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", plain, str(quoted)[1:-1])
