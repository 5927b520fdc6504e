# ruff: noqa: S608 - the queries are put together from the cases of these tests
"""Queries: the subset of Cosmos SQL, and what its words mean."""

from __future__ import annotations

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError

DOCUMENTS = [
    {"id": "0", "pk": "a", "n": 0, "s": "x", "tags": ["p"], "o": {"v": 1}, "HASA-4_TUBING_PRESSURE": 10.5},
    {"id": "1", "pk": "a", "n": 1, "s": "y", "tags": ["p", "q"], "o": {"v": 2}},
    {"id": "2", "pk": "a", "n": 2, "s": None, "tags": [], "flag": True},
    {"id": "3", "pk": "b", "n": 3, "s": "x", "tags": ["q"], "flag": False},
    {"id": "4", "pk": "b", "n": "4", "s": "Xylem"},
    {"id": "5", "pk": "b", "s": "100%"},
]
POLICIES = {
    "wildcard": None,
    "queried paths": {
        "includedPaths": [{"path": "/n/?"}, {"path": "/s/?"}, {"path": "/o/v/?"}, {"path": "/flag/?"}],
        "excludedPaths": [{"path": "/*"}],
    },
}


@pytest.fixture(scope="module", params=sorted(POLICIES))
def filled(request, database):
    """The documents, under the default indexing policy and under one with the queried paths alone."""
    options = {"indexing_policy": POLICIES[request.param]} if POLICIES[request.param] else {}
    container = database.create_container(
        f"queries-{request.param.replace(' ', '-')}", PartitionKey("/pk"), **options
    )
    for document in DOCUMENTS:
        container.create_item(document)
    yield container
    database.delete_container(container.id)


@pytest.fixture
def ask(filled):
    def run(text, *, partition=None, **parameters):
        named = [{"name": f"@{name}", "value": value} for name, value in parameters.items()]
        scope = {"partition_key": partition} if partition else {"enable_cross_partition_query": True}
        return list(filled.query_items(text, parameters=named, **scope))

    return run


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("c.n = 1", "1"),
        ("c.n > 1", "23"),
        ("1 < c.n", "23"),
        ("c.n >= 1 AND c.n < 3", "12"),
        ("c.n != 1", "023"),
        ("c.n <> 1", "023"),
        ("NOT (c.n = 1)", "023"),
        ("c.n = '4'", "4"),
        ("c.n > ''", "4"),
        ("c.s = 'x' OR c.n = 2", "023"),
        ("c.s = null", "2"),
        ("IS_NULL(c.s)", "2"),
        ("c.s != null", ""),
        ("c.flag", "2"),
        ("c.flag = false", "3"),
        ("c.flag != true", "3"),
        ("IS_DEFINED(c.flag)", "23"),
        ("NOT IS_DEFINED(c.n)", "5"),
        ("IS_DEFINED(c.n) = false", "5"),
        ("c.missing = 1", ""),
        ("NOT (c.missing = 1)", ""),
        ("c.n IN (0, 2, '4')", "024"),
        ("c.n NOT IN (0, 2)", "134"),
        ("c.n BETWEEN 1 AND 2", "12"),
        ("c.s LIKE 'x%'", "03"),
        ("c.s LIKE '%l_m'", "4"),
        ("c.s LIKE '100!%' ESCAPE '!'", "5"),
        ("STARTSWITH(c.s, 'x')", "03"),
        ("STARTSWITH(c.s, 'x', true)", "034"),
        ("ENDSWITH(c.s, 'm')", "4"),
        ("CONTAINS(c.s, 'YL', true)", "4"),
        ("CONTAINS(c.s, 'YL')", ""),
        ("ARRAY_CONTAINS(c.tags, 'q')", "13"),
        ("ARRAY_LENGTH(c.tags) = 1", "03"),
        ("LOWER(c.s) = 'xylem'", "4"),
        ("ABS(c.n - 3) <= 1", "23"),
        ("c.o.v = 2", "1"),
        ('c["HASA-4_TUBING_PRESSURE"] > 10', "0"),
        ("EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = 'q')", "13"),
        ("c.id = '3'", "3"),
        ("c.id > '3'", "45"),
        ("c._ts > 0 AND c.n = 0", "0"),
        ("c.pk = 'a' AND c.s = 'x'", "0"),
        ("c.tags = ['p', 'q']", "1"),
        ("DateTimeDiff('minute', '2025-08-26T10:00:30Z', '2025-08-26T10:02:10.5Z') = c.n", "2"),
        ("DateTimeDiff('fortnight', '2025-08-26T10:00:30Z', '2025-08-26T10:02:10Z') = c.n", ""),
        ("DateTimePart('day', '2025-08-01T10:00:30Z') = c.n", "1"),
        ("true", "012345"),
    ],
)
def test_where(ask, where, expected):
    assert "".join(sorted(ask(f"SELECT VALUE c.id FROM c WHERE {where}"))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT c.id, c.n AS number FROM c WHERE c.n = 1", [{"id": "1", "number": 1}]),
        ("SELECT c.id, c.missing FROM c WHERE c.n = 1", [{"id": "1"}]),
        ("SELECT VALUE c.o.v FROM c ORDER BY c.id", [1, 2]),
        ("SELECT VALUE {'id': c.id, 'all': [c.n, c.s]} FROM c WHERE c.n = 1", [{"id": "1", "all": [1, "y"]}]),
        ("SELECT TOP 2 VALUE c.id FROM c ORDER BY c.id DESC", ["5", "4"]),
        ("SELECT VALUE c.id FROM c ORDER BY c.id OFFSET 2 LIMIT 2", ["2", "3"]),
        ("SELECT VALUE c.id FROM c WHERE c.n < 9 ORDER BY c.n DESC", ["3", "2", "1", "0"]),
        ("SELECT VALUE root.id FROM root WHERE root.n = 1", ["1"]),
        ("SELECT VALUE COUNT(1) FROM c", [6]),
        ("SELECT VALUE COUNT(1) FROM c WHERE c.s = 'x'", [2]),
        ("SELECT VALUE COUNT(c.n) FROM c", [5]),
        ("SELECT VALUE SUM(c.n) FROM c WHERE IS_NUMBER(c.n)", [6]),
        ("SELECT VALUE AVG(c.n) FROM c WHERE IS_NUMBER(c.n)", [1.5]),
        ("SELECT VALUE MIN(c.id) FROM c", ["0"]),
        ("SELECT VALUE MAX(c.n) FROM c WHERE IS_NUMBER(c.n)", [3]),
        (
            "SELECT c.id, t FROM c JOIN t IN c.tags WHERE c.id = '1'",
            [{"id": "1", "t": "p"}, {"id": "1", "t": "q"}],
        ),
        ("SELECT VALUE t FROM t IN c.tags WHERE t = 'q'", ["q", "q"]),
        ("SELECT VALUE ARRAY(SELECT VALUE UPPER(t) FROM t IN c.tags) FROM c WHERE c.id = '1'", [["P", "Q"]]),
    ],
)
def test_select(ask, text, expected):
    assert ask(text) == expected


def test_distinct(ask):
    assert sorted(ask("SELECT DISTINCT VALUE c.s FROM c WHERE IS_STRING(c.s)")) == ["100%", "Xylem", "x", "y"]


def test_groups_within_a_partition(ask):
    found = ask("SELECT c.s, COUNT(1) AS n FROM c GROUP BY c.s", partition="b")
    assert sorted((group.get("s"), group["n"]) for group in found) == [("100%", 1), ("Xylem", 1), ("x", 1)]


def test_several_aggregates_within_a_partition(ask):
    found = ask("SELECT COUNT(1) AS n, MAX(c.n) AS most FROM c", partition="a")
    assert found == [{"n": 3, "most": 2}]


def test_parameters(ask):
    assert ask("SELECT VALUE c.id FROM c WHERE c.n = @n AND c.s = @s", n=1, s="y") == ["1"]
    assert sorted(ask("SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(@ids, c.id)", ids=["0", "5"])) == [
        "0",
        "5",
    ]


def test_a_partition_key_limits_the_query(ask):
    assert ask("SELECT VALUE c.id FROM c ORDER BY c.id", partition="b") == ["3", "4", "5"]


def test_an_order_over_types_goes_from_undefined_and_null_to_numbers_and_strings(ask):
    assert ask("SELECT VALUE c.id FROM c ORDER BY c.n", partition="b") == ["5", "3", "4"]
    assert ask("SELECT VALUE c.id FROM c ORDER BY c.s DESC", partition="a") == ["1", "0", "2"]


def test_a_question_over_all_partitions_must_say_so(filled):
    with pytest.raises(CosmosHttpResponseError) as refused:
        list(filled.query_items("SELECT * FROM c"))
    assert refused.value.status_code == 400
    assert len(list(filled.query_items("SELECT * FROM c WHERE c.pk = 'a'"))) == 3


@pytest.mark.parametrize(
    "text",
    ["SELECT c.s, COUNT(1) AS n FROM c GROUP BY c.s", "SELECT COUNT(1) AS n FROM c"],
)
def test_what_the_sdk_cannot_merge_over_partitions_is_refused(ask, text):
    with pytest.raises(CosmosHttpResponseError) as refused:
        ask(text)
    assert refused.value.status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "SELECT",
        "SELECT * FROM c WHERE",
        "SELECT * FROM c WHERE c.n = ",
        "SELECT c.value FROM c",
        "SELECT * FROM c WHERE frobnicate(c.n)",
        "SELECT * FROM c WHERE c.n = @missing",
        "SELECT * FROM c WHERE d.n = 1",
        "DELETE FROM c",
        "SELECT * FROM c; SELECT * FROM c",
        "SELECT * FROM c ORDER BY c.n LIMIT",
    ],
)
def test_what_is_not_understood_is_400_with_a_sentence(ask, text):
    with pytest.raises(CosmosHttpResponseError) as refused:
        ask(text)
    assert refused.value.status_code == 400
    assert len(str(refused.value.message)) > 20


def test_an_order_without_an_index_is_refused_as_in_azure(new_container):
    policy = {"includedPaths": [{"path": "/n/?"}], "excludedPaths": [{"path": "/*"}]}
    container = new_container(indexing_policy=policy)
    container.create_item({"id": "1", "pk": "a", "n": 1, "m": 2})
    assert len(list(container.query_items("SELECT * FROM c ORDER BY c.n", partition_key="a"))) == 1
    assert len(list(container.query_items("SELECT * FROM c WHERE c.m = 2", partition_key="a"))) == 1
    for order in ("c.m", "c.n, c.m"):
        with pytest.raises(CosmosHttpResponseError, match="index"):
            list(container.query_items(f"SELECT * FROM c ORDER BY {order}", partition_key="a"))


def test_a_composite_index_serves_several_orders(new_container):
    composite = [[{"path": "/n", "order": "ascending"}, {"path": "/m", "order": "descending"}]]
    container = new_container(indexing_policy={"compositeIndexes": composite})
    for number, (n, m) in enumerate([(1, 1), (0, 1), (1, 2), (0, 2)]):
        container.create_item({"id": str(number), "pk": "a", "n": n, "m": m})
    found = container.query_items("SELECT VALUE c.id FROM c ORDER BY c.n ASC, c.m DESC", partition_key="a")
    assert list(found) == ["3", "1", "2", "0"]
    found = container.query_items("SELECT VALUE c.id FROM c ORDER BY c.n DESC, c.m ASC", partition_key="a")
    assert list(found) == ["0", "2", "1", "3"]
