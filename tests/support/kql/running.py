"""A workspace of Log Analytics over rows in memory: it refuses what names no table, column or function."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Tree, UnexpectedInput

from tests.support.kql.expressions import Scope, evaluated
from tests.support.kql.functions import AGGREGATES, as_text
from tests.support.kql.refusing import Refused, no_table

Row = dict[str, Any]
_KEYWORDS: Final = frozenset(
    {"as", "by", "consume", "count", "distinct", "evaluate", "extend", "facet", "find", "fork", "function"}
    | {"getschema", "in", "invoke", "join", "kind", "let", "limit", "lookup", "materialize", "on", "order"}
    | {"parse", "partition", "print", "project", "range", "reduce", "render", "sample", "scan", "search"}
    | {"serialize", "sort", "summarize", "take", "top", "toscalar", "type", "union", "where", "with"}
)
"""Names that must stand in brackets."""
_FOLDER: Final = Path(__file__).parent
_EVERYWHERE: Final = "TimeGenerated TenantId Type _ResourceId SourceSystem"


@cache
def _grammar() -> Lark:
    return Lark((_FOLDER / "grammar.lark").read_text(), parser="lalr")


@cache
def documented() -> dict[str, tuple[str, ...]]:
    """Columns by table, those that come late included."""
    told = tomllib.loads((_FOLDER / "tables.toml").read_text())
    late = told.pop("Late")
    return {
        name: tuple(f"{columns} {late.get(name, '')} {_EVERYWHERE}".split()) for name, columns in told.items()
    }


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


@dataclass
class Workspace:
    """Rows by table. A table without an entry was never written to; `whole` has them all, empty."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    whole: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def run(self, text: str, timespan: str = "") -> Answer:
        """The answer over `begin/end`. Raises Refused."""
        try:
            tree = _grammar().parse(text)
        except UnexpectedInput as error:
            raise Refused(
                "SYN0002", f"Query could not be parsed at '{text[error.pos_in_stream or 0 :][:20]}'"
            ) from error
        scope = Scope((), {}, self.now)
        for each in tree.children[:-1]:
            name, value = each.children
            scope.names[str(name)] = evaluated(value, scope, {}, "let")
        return self._pipeline(tree.children[-1], scope, _bounds(timespan))

    def _pipeline(self, tree: Tree[Token], outer: Scope, bounds: tuple[datetime, datetime] | None) -> Answer:
        source, *operators = tree.children
        answer = self._source(source, outer, bounds, str(operators[0].data) if operators else "take")
        for operator in operators:
            answer = _OPERATORS[str(operator.data)](operator, outer.over(answer.columns), answer.rows)
        return answer

    def _source(
        self, tree: Tree[Token], outer: Scope, bounds: tuple[datetime, datetime] | None, operator: str
    ) -> Answer:
        if tree.data == "table":
            return self._table(str(tree.children[0]), bounds, operator)
        if tree.data == "print":
            return _project(tree, outer.over(()), [{}])
        fuzzy, *legs = tree.children
        answers: list[Answer] = []
        failed: Refused | None = None
        for leg in legs:
            try:
                answers.append(self._pipeline(leg.children[0], outer, bounds))
            except Refused as error:
                if fuzzy is None:
                    raise
                failed = failed or error
        if not answers and failed is not None:
            raise failed
        columns = tuple(dict.fromkeys(name for answer in answers for name in answer.columns))
        return Answer(columns, [row for answer in answers for row in answer.rows])

    def _table(self, name: str, bounds: tuple[datetime, datetime] | None, operator: str) -> Answer:
        known = documented()
        if name not in known or (name not in self.rows and not self.whole):
            raise no_table(name, operator)
        rows = self.rows.get(name, [])
        for row in rows:
            strange = set(row) - set(known[name]) - {"_arrived"}
            assert not strange, f"{name} has no columns {strange}: the test is wrong"
        columns = known[name]
        if name == "AzureDiagnostics" and not self.whole:
            seen = {column for row in rows for column in row}
            columns = tuple(one for one in columns if "_" not in one.strip("_") or one in seen)
        within = [row for row in rows if bounds is None or bounds[0] <= row["TimeGenerated"] < bounds[1]]
        return Answer(columns, [dict(row) for row in within])


def _where(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
    kept = [row for row in rows if evaluated(tree.children[0], scope, row, "where")]
    return Answer(scope.checked(tree.children[0], "where").columns, kept)


def _extend(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
    made = _columns(tree.children[0], scope, "extend")
    columns = tuple(dict.fromkeys([*scope.columns, *made]))
    return Answer(columns, [{**row, **_values(made, scope, row, "extend")} for row in rows])


def _project(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
    made = _columns(tree.children[0], scope, "project")
    return Answer(tuple(made), [_values(made, scope, row, "project") | _hidden(row) for row in rows])


def _take(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
    return Answer(scope.columns, rows[: evaluated(tree.children[0], scope, {}, "take")])


def _order(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
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


def _summarize(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
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
    made: dict[str, Tree[Token]] = {}
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
        from tests.support.kql.expressions import combined

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


def _parse(tree: Tree[Token], scope: Scope, rows: list[Row]) -> Answer:
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


_OPERATORS: Final = {
    "where": _where,
    "extend": _extend,
    "project": _project,
    "take": _take,
    "order": _order,
    "summarize": _summarize,
    "parse": _parse,
}


def _columns(tree: Tree[Token], scope: Scope, operator: str) -> dict[str, Any]:
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


def _names_in(tree: Tree[Token]) -> list[str]:
    return [str(one) for one in tree.scan_values(lambda value: value.type == "NAME")]


def _values(made: Mapping[str, Any], scope: Scope, row: Row, operator: str) -> Row:
    return {name: evaluated(expression, scope, row, operator) for name, expression in made.items()}


def _hidden(row: Row) -> Row:
    return {"_arrived": row["_arrived"]} if "_arrived" in row else {}


def _bounds(timespan: str) -> tuple[datetime, datetime] | None:
    if not timespan:
        return None
    begin, end = (datetime.fromisoformat(one) for one in timespan.split("/"))
    return begin, end


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "0Z")
    return as_text(value) if isinstance(value, dict | list) else value
