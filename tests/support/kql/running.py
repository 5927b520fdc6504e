"""A workspace of Log Analytics over rows in memory: it refuses what names no table, column or function."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, UnexpectedInput

from tests.support.kql.expressions import Scope, evaluated
from tests.support.kql.operators import OPERATORS, Answer, project
from tests.support.kql.refusing import Refused, no_table

Row = dict[str, Any]
Node = Any
"""A tree of lark's: its children are trees and tokens of every kind."""
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


@dataclass
class Workspace:
    """Rows by table. A table without an entry was never written to; `whole` has them all, empty."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    whole: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def run(self, text: str, timespan: str = "") -> Answer:
        """The answer over `begin/end`. Raises Refused."""
        try:
            tree: Any = _grammar().parse(text)
        except UnexpectedInput as error:
            raise Refused(
                "SYN0002", f"Query could not be parsed at '{text[error.pos_in_stream or 0 :][:20]}'"
            ) from error
        scope = Scope((), {}, self.now)
        for each in tree.children[:-1]:
            name, value = each.children
            scope.names[str(name)] = evaluated(value, scope, {}, "let")
        return self._pipeline(tree.children[-1], scope, _bounds(timespan))

    def _pipeline(self, tree: Node, outer: Scope, bounds: tuple[datetime, datetime] | None) -> Answer:
        source, *operators = tree.children
        answer = self._source(source, outer, bounds, str(operators[0].data) if operators else "take")
        for operator in operators:
            answer = OPERATORS[str(operator.data)](operator, outer.over(answer.columns), answer.rows)
        return answer

    def _source(
        self, tree: Node, outer: Scope, bounds: tuple[datetime, datetime] | None, operator: str
    ) -> Answer:
        if tree.data == "table":
            return self._table(str(tree.children[0]), bounds, operator)
        if tree.data == "print":
            return project(tree, outer.over(()), [{}])
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


def _bounds(timespan: str) -> tuple[datetime, datetime] | None:
    if not timespan:
        return None
    begin, end = (datetime.fromisoformat(one) for one in timespan.split("/"))
    return begin, end
