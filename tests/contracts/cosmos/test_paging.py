"""Pages: of the asked size, without gaps or repeats, and on from a token at any later time."""

from __future__ import annotations

import pytest
from azure.cosmos.exceptions import CosmosHttpResponseError

QUERIES = [
    "SELECT * FROM c",
    "SELECT * FROM c WHERE c.n >= 3",
    "SELECT * FROM c ORDER BY c.n DESC",
    "SELECT * FROM c ORDER BY c.same",
    "SELECT c.id, c.n FROM c WHERE c.even ORDER BY c.id DESC",
    "SELECT DISTINCT c.n FROM c",
    "SELECT c.id, t FROM c JOIN t IN c.tags",
    "SELECT * FROM c ORDER BY c.n OFFSET 2 LIMIT 13",
    "SELECT TOP 11 * FROM c",
]


@pytest.fixture
def filled(container):
    operations = [
        ("create", ({"id": f"{n:02}", "pk": "a", "n": n, "same": 1, "even": n % 2 == 0, "tags": ["p", "q"]},))
        for n in range(20)
    ]
    container.execute_item_batch(operations, "a")
    return container


def one_by_one(container, text, size):
    """Every page by a new query that has nothing but the token of the page before."""
    token, pages = None, []
    while True:
        pager = container.query_items(text, partition_key="a", max_item_count=size).by_page(token)
        pages.append(list(next(pager)))
        token = pager.continuation_token
        if not token:
            return pages


@pytest.mark.parametrize("text", QUERIES)
def test_pages_put_together_are_the_whole(filled, text):
    whole = list(filled.query_items(text, partition_key="a"))
    pages = one_by_one(filled, text, 3)
    assert [item for page in pages for item in page] == whole
    assert all(len(page) <= 3 for page in pages)
    assert len(pages) > 2


def test_a_token_goes_on_where_it_was_when_items_came_in_between(filled):
    pager = filled.query_items(
        "SELECT VALUE c.n FROM c ORDER BY c.n", partition_key="a", max_item_count=5
    ).by_page()
    first = list(next(pager))
    filled.create_item({"id": "new", "pk": "a", "n": -1})
    rest = filled.query_items("SELECT VALUE c.n FROM c ORDER BY c.n", partition_key="a").by_page(
        pager.continuation_token
    )
    assert first + [item for page in rest for item in page] == list(range(20))


def test_a_token_of_another_query_is_refused(account, filled):
    if account.server is None:
        pytest.skip("an account may take a foreign token for a place of its own")
    pager = filled.query_items("SELECT * FROM c", partition_key="a", max_item_count=5).by_page()
    list(next(pager))
    for token in (pager.continuation_token, "nonsense"):
        other = filled.query_items("SELECT * FROM c WHERE c.n > 0", partition_key="a").by_page(token)
        with pytest.raises(CosmosHttpResponseError) as refused:
            next(other)
        assert refused.value.status_code == 400


def test_a_page_has_at_most_four_megabytes(container):
    for number in range(6):
        container.create_item({"id": str(number), "pk": "a", "text": "x" * 1_500_000})
    pages = [
        len(list(page)) for page in container.query_items("SELECT * FROM c", partition_key="a").by_page()
    ]
    assert sum(pages) == 6
    assert max(pages) == 2


def test_reading_everything_pages_too(filled):
    pages = [len(list(page)) for page in filled.read_all_items(max_item_count=7).by_page()]
    assert pages == [7, 7, 6]
