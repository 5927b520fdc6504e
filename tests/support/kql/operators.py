"""Kusto's tabular operators, those that are used: rows in, rows out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from lark import Token

from tests.support.kql.expressions import Scope, combined, evaluated
from tests.support.kql.functions import AGGREGATES, as_text
from tests.support.kql.refusing import Refused

Row = dict[str, Any]
Node = Any
"""A tree of lark's: its children are trees and tokens of every kind."""
_KEYWORDS: Final = frozenset(
    {"as", "by", "consume", "count", "distinct", "evaluate", "extend", "facet", "find", "fork", "function"}
    | {"getschema", "in", "invoke", "join", "kind", "let", "limit", "lookup", "materialize", "on", "order"}
    | {"parse", "partition", "print", "project", "range", "reduce", "render", "sample", "scan", "search"}
    | {"serialize", "sort", "summarize", "take", "top", "toscalar", "type", "union", "where", "with"}
)
"""Names that must stand in brackets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result."""

    columns: tuple[str, ...]
    rows: list[Row]

    def document(self) -> dict[str, Any]:
        """As the interface answers: times as texts, bags as JSON in a text."""
        rows = [[_told(row.get(name)) for name in self.columns] for row in self.rows]
        columns = [{"name": name, "type": "string"} for name in self.columns]
        return {"name": "PrimaryResult", "columns": columns, "rows": rows}


def _where(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    kept = [row for row in rows if evaluated(tree.children[0], scope, row, "where")]
    return Answer(scope.checked(tree.children[0], "where").columns, kept)


def _extend(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    made = _columns(tree.children[0], scope, "extend")
    columns = tuple(dict.fromkeys([*scope.columns, *made]))
    return Answer(columns, [{**row, **_values(made, scope, row, "extend")} for row in rows])


def project(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    made = _columns(tree.children[0], scope, "project")
    return Answer(tuple(made), [_values(made, scope, row, "project") | _hidden(row) for row in rows])


def _take(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    return Answer(scope.columns, rows[: evaluated(tree.children[0], scope, {}, "take")])


def _order(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    for ordering in reversed(tree.children):
        by, direction = ordering.children
        scope.checked(by, "order")
        values = {id(row): evaluated(by, scope, row, "order") for row in rows}
        rows = sorted(
            rows,
            key=lambda row: (
                values[id(row)] is not None,
                values[id(row)] if values[id(row)] is not None else 0,
            ),
            reverse=direction == "desc",
        )
    return Answer(scope.columns, rows)


def _summarize(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    wanted, by = tree.children
    keys = _columns(by, scope, "summarize") if by else {}
    groups: dict[tuple[str, ...], list[Row]] = {}
    heads: dict[tuple[str, ...], Row] = {}
    for row in rows:
        head = _values(keys, scope, row, "summarize")
        key = tuple(as_text(value) for value in head.values())
        groups.setdefault(key, []).append(row)
        heads[key] = head
    if not keys and not groups:
        groups[()], heads[()] = [], {}
    made: dict[str, Node] = {}
    for column in wanted.children if wanted else ():
        name, expression = column.children
        made[_alias(name) or _unnamed(expression)] = expression
        _aggregate(expression, scope, [])
    return Answer(
        (*keys, *made),
        [
            heads[key] | {name: _aggregate(one, scope, held) for name, one in made.items()}
            for key, held in groups.items()
        ],
    )


def _aggregate(tree: Any, scope: Scope, rows: list[Row]) -> Any:
    if tree.data == "arithmetic":
        return combined(
            [part if isinstance(part, Token) else _aggregate(part, scope, rows) for part in tree.children]
        )
    if tree.data != "call":
        return evaluated(tree, scope, {}, "summarize")
    name, *inner = [one for one in tree.children if one is not None]
    for one in inner:
        scope.checked(one, "summarize")
    values = [[evaluated(one, scope, row, "summarize") for one in inner] for row in rows]
    if name == "count":
        return len(rows)
    if name == "countif":
        return sum(bool(value[0]) for value in values)
    if str(name) in ("maxif", "sumif", "minif"):
        return AGGREGATES[str(name)[:3]]([value[0] for value in values if value[1]])
    if name == "percentile":
        held = sorted(value[0] for value in values if value[0] is not None)
        return held[int(values[0][1] / 100 * (len(held) - 1))] if held else None
    if str(name) not in AGGREGATES:
        raise Refused("SEM0260", f"Unknown function: '{name}'.")
    return AGGREGATES[str(name)]([value[0] for value in values])


def _parse(tree: Node, scope: Scope, rows: list[Row]) -> Answer:
    of, *pieces = tree.children
    scope.checked(of, "parse")
    pattern, kinds = "", {}
    for piece in pieces:
        if piece.data == "anything":
            pattern += ".*?"
        elif piece.data == "text":
            pattern += re.escape(str(piece.children[0])[1:-1])
        else:
            name, kind = piece.children
            kinds[str(name)] = str(kind or "string")
            pattern += f"(?P<{name}>{r'-?[0-9]+' if kind in ('long', 'int') else '.*?'})"
    reading = re.compile(pattern + r"\Z", re.DOTALL)
    found = []
    for row in rows:
        match = reading.match(as_text(evaluated(of, scope, row, "parse")))
        read = match.groupdict() if match else {}
        found.append(
            row
            | {
                name: (int(read[name]) if kind != "string" else read[name])
                if name in read
                else ("" if kind == "string" else None)
                for name, kind in kinds.items()
            }
        )
    return Answer(tuple(dict.fromkeys([*scope.columns, *kinds])), found)


OPERATORS: Final = {
    "where": _where,
    "extend": _extend,
    "project": project,
    "take": _take,
    "order": _order,
    "summarize": _summarize,
    "parse": _parse,
}


def _columns(tree: Node, scope: Scope, operator: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column in tree.children:
        name, expression = column.children
        scope.checked(expression, operator)
        made[_alias(name) or _names_in(expression)[-1]] = expression
    return made


def _alias(name: Token | None) -> str:
    if name in _KEYWORDS:
        raise Refused("SYN0002", f"Query could not be parsed at '{name}'")
    return str(name or "")


def _unnamed(tree: Any) -> str:
    """As Kusto names a figure without a name: `sum_judged`, `count_`."""
    return "_".join([*_names_in(tree), ""] if len(_names_in(tree)) == 1 else _names_in(tree))


def _names_in(tree: Node) -> list[str]:
    return [str(one) for one in tree.scan_values(lambda value: value.type == "NAME")]


def _values(made: Mapping[str, Any], scope: Scope, row: Row, operator: str) -> Row:
    return {name: evaluated(expression, scope, row, operator) for name, expression in made.items()}


def _hidden(row: Row) -> Row:
    return {"_arrived": row["_arrived"]} if "_arrived" in row else {}


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "0Z")
    return as_text(value) if isinstance(value, dict | list) else value
