"""Any text as a query: it is understood or it is a 400, never anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomalyctl.local.cosmos.failures import CosmosFailure
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.parser import parse_query

BOUNDED = settings(
    max_examples=150, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
WORDS = (
    *("SELECT", "VALUE", "DISTINCT", "TOP", "FROM", "WHERE", "ORDER", "GROUP", "BY", "JOIN", "IN", "AND"),
    *("OR", "NOT", "BETWEEN", "LIKE", "ESCAPE", "OFFSET", "LIMIT", "EXISTS", "ARRAY", "NULL", "UNDEFINED"),
    *("true", "c", "c.x", "c[0]", 'c["x"]', "@p", "1", "-1", "1e400", "'a'", "(", ")", "[", "]", "{", "}"),
    *(
        "\\",
        "\0",
        '"b"',
        ",",
        "*",
        "+",
        "/",
        "%",
        "||",
        "??",
        "=",
        "!=",
        "<",
        "COUNT(1)",
        "SUM(c.x)",
        "ABS(c.x)",
        "NOSUCH(1)",
    ),
)
DOCUMENTS: list[dict[str, Any]] = [
    {"id": "1", "x": 1, "y": [1, "a", None], "o": {"x": True}},
    {"id": "2", "x": "text", "y": {}, "pk": None},
    {"id": "3"},
]


def answered(text: str) -> str:
    """`understood` or `refused`; any other exception fails the test."""
    try:
        list(Execution(parse_query(text), {"@p": 1}).results(DOCUMENTS))
    except RecursionError:
        return "refused"  # the application answers 400
    except CosmosFailure as failure:
        assert failure.status == 400, failure.message
        assert failure.message
        return "refused"
    return "understood"


@BOUNDED
@given(st.text(max_size=80))
def test_any_text_is_understood_or_refused(text: str) -> None:
    answered(text)


@BOUNDED
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_words_of_the_language_are_understood_or_refused(text: str) -> None:
    answered(f"SELECT {text}")


def test_deep_nesting_is_survived() -> None:
    answered(f"SELECT VALUE {'(' * 2_000}1{')' * 2_000}")
    assert answered(f"SELECT VALUE {'NOT ' * 2_000}true") == "refused"
    assert answered(f"SELECT VALUE {'[' * 2_000}") == "refused"
    assert answered("SELECT VALUE c.x FROM c WHERE c.x = 1") == "understood"
