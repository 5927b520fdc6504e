"""What a query says: the tree that the grammar's parser builds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the text; `UNDEFINED` included."""

    value: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """`@name`, with the at sign."""

    name: str


@dataclass(frozen=True, slots=True)
class Alias:
    """What FROM or JOIN named."""

    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """`base.key` or `base[key]`."""

    base: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function by its name in capitals."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`NOT x`, `-x` or `+x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Junction:
    """AND or OR of two or more; a chain is one node, so that a long one is not deep."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """Comparisons, arithmetic, `||` and `??`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Within:
    """`operand IN (…)`."""

    operand: Expression
    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """`operand BETWEEN low AND high`, both ends included."""

    operand: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class Like:
    """`operand LIKE pattern [ESCAPE character]`."""

    operand: Expression
    pattern: Expression
    escape: str | None


@dataclass(frozen=True, slots=True)
class Subquery:
    """`(SELECT …)`, `EXISTS (…)` or `ARRAY (…)`: `use` is scalar, exists or array."""

    use: str
    query: Query


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """`{"key": value}`."""

    entries: tuple[tuple[str, Expression], ...]


Expression = (
    Literal
    | Parameter
    | Alias
    | Property
    | Call
    | Unary
    | Junction
    | Binary
    | Within
    | Between
    | Like
    | Subquery
    | ArrayOf
    | ObjectOf
)


@dataclass(frozen=True, slots=True)
class Source:
    """One FROM or JOIN: an alias for what the expression is worth, or for each of its elements."""

    alias: str
    expression: Expression | Query
    each: bool


@dataclass(frozen=True, slots=True)
class Select:
    """`*`, one VALUE, or named columns; exactly one of them is given."""

    star: bool = False
    value: Expression | None = None
    columns: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT."""

    select: Select
    sources: tuple[Source, ...] = ()
    where: Expression | None = None
    group_by: tuple[Expression, ...] = ()
    order_by: tuple[Order, ...] = ()
    distinct: bool = False
    top: Expression | None = None
    offset: Expression | None = None
    limit: Expression | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A patch's condition: `FROM alias WHERE …`."""

    alias: str
    where: Expression
