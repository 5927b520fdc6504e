"""What is done in SQLite gives what the query means: any filter, any order, with and without indexes."""

from __future__ import annotations

import sqlite3

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.local.cosmos import catalogue
from anomalyctl.local.cosmos.items import Items
from anomalyctl.local.cosmos.partition_keys import PartitionKey
from anomalyctl.local.cosmos.query.execution import Execution
from anomalyctl.local.cosmos.query.parser import parse_query
from anomalyctl.local.cosmos.query.question import Question
from anomalyctl.local.cosmos.query.service import QueryService
from anomalyctl.local.cosmos.query.values import sort_key
from anomalyctl.local.cosmos.storage import SCHEMA

NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.5, 2.0, 1e10]))
SCALARS = st.one_of(NUMBERS, st.sampled_from(["", "a", "b", "ab", "ä", '"']), st.booleans(), st.none())
DOCUMENTS = st.lists(
    st.dictionaries(
        st.sampled_from(["x", "y"]), st.one_of(SCALARS, st.just([1]), st.just({"z": 1})), max_size=2
    ),
    max_size=8,
)
PATHS = st.sampled_from(["c.x", "c.y", 'c["x"]', "c.o.x"])
CONSTANTS = SCALARS.map(lambda value: orjson.dumps(value).decode())
CONDITIONS = st.recursive(
    st.one_of(
        st.builds("{} {} {}".format, PATHS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), CONSTANTS),
        st.builds("{1} {2} {0}".format, PATHS, CONSTANTS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="])),
        st.builds("{} BETWEEN {} AND {}".format, PATHS, CONSTANTS, CONSTANTS),
        st.builds("{} IN ({}, {})".format, PATHS, CONSTANTS, CONSTANTS),
        st.builds("IS_DEFINED({})".format, PATHS),
        st.builds("STARTSWITH({}, 'a')".format, PATHS),
    ),
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=4,
)
POLICIES = ([{"path": "/*"}], [{"path": "/x/?"}, {"path": "/y/?"}])


def filled(documents, included):
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    catalogue.create_database(connection, {"id": "d"}, 0)
    known = catalogue.Catalogue(connection)
    definition = {
        "id": "c",
        "partitionKey": {"paths": ["/pk"]},
        "indexingPolicy": {"includedPaths": included},
    }
    catalogue.create_container(connection, known.database("d"), definition, 0)
    container = catalogue.Catalogue(connection).container("d", "c")
    items = Items(connection, container, 1)
    for number, document in enumerate(documents):
        items.create(PartitionKey(("a",)), {**document, "id": str(number), "pk": "a"})
    return connection, container


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, CONDITIONS)
def test_a_filter_in_sqlite_gives_what_the_query_means(documents, condition):
    text = f"SELECT VALUE c.id FROM c WHERE {condition}"  # noqa: S608 - no database of anybody
    expected = list(
        Execution(parse_query(text), {}).results({**one, "id": str(n)} for n, one in enumerate(documents))
    )
    for included in POLICIES:
        connection, container = filled(documents, included)
        page = QueryService().page(connection, Question(container, text, ("1", ()), 1), 100, None)
        assert [orjson.loads(found) for found in page.documents] == expected
        connection.close()


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, st.sampled_from(["ASC", "DESC"]), st.integers(1, 4))
def test_an_order_in_sqlite_is_the_order_of_the_values_page_by_page(documents, direction, size):
    text = f"SELECT VALUE c.id FROM c ORDER BY c.x {direction}"  # noqa: S608 - no database of anybody
    found = []
    for included in POLICIES:
        connection, container = filled(documents, included)
        service, token, ids = QueryService(), None, []
        while True:
            page = service.page(connection, Question(container, text, ("1", ()), 1), size, token)
            ids += [orjson.loads(one) for one in page.documents]
            token = page.continuation
            if token is None:
                break
        found.append(ids)
        connection.close()
    assert found[0] == found[1]
    assert sorted(found[0]) == [str(number) for number in range(len(documents))]


@given(NUMBERS, NUMBERS)
def test_sort_keys_of_numbers_order_as_the_numbers(first, second):
    assert (sort_key(first) < sort_key(second)) == (first < second)
    assert (sort_key(first) == sort_key(second)) == (first == second)


def test_a_thousand_alternatives_are_not_too_many():
    connection, container = filled([{"x": number} for number in range(20)], POLICIES[1])
    wanted = " OR ".join(f"(c.id = '{number}' AND c.pk = 'a')" for number in range(1_000))
    for condition in (wanted, f"c.id IN ({', '.join(repr(str(number)) for number in range(1_500))})"):
        text = f"SELECT VALUE c.id FROM c WHERE ({condition})"  # noqa: S608 - no database of anybody
        page = QueryService().page(connection, Question(container, text, ("1", ()), 1), 100, None)
        assert len(page.documents) == 20
    connection.close()
