"""What every part of the anomaly store stands on: guarded calls, point reads and paged queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from anomalyctl.errors import NotFound
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies_schema import DATABASE_NAME
from anomalyctl.stores.cosmos_errors import cosmos_errors

if TYPE_CHECKING:
    from azure.cosmos import ContainerProxy, CosmosClient, DatabaseProxy

T = TypeVar("T")
Document = dict[str, Any]


class CosmosConnection:
    """The database behind one guard; the parts of `AnomalyStore` inherit it."""

    def __init__(
        self, client: CosmosClient, *, guard: Guard | None = None, database_name: str = DATABASE_NAME
    ) -> None:
        self.client = client
        self.guard = guard or Guard(DATABASE)
        self.database: DatabaseProxy = client.get_database_client(database_name)
        self._containers: dict[str, ContainerProxy] = {}

    def container(self, name: str) -> ContainerProxy:
        """The SDK's proxy of a container; asks nothing of the server."""
        if name not in self._containers:
            self._containers[name] = self.database.get_container_client(name)
        return self._containers[name]

    def call(self, what: str, function: Callable[[], T]) -> T:
        """Run one request under the database's policy, with its errors in our words."""

        def attempt() -> T:
            with cosmos_errors(what):
                return function()

        return self.guard.call(attempt)

    def read_or_none(self, container: str, document_id: str, partition: str) -> Document | None:
        """Point read; None when there is no such document."""
        try:
            return self.call(
                f"read {document_id}",
                lambda: dict(self.container(container).read_item(document_id, partition_key=partition)),
            )
        except NotFound:
            return None

    def query(
        self,
        container: str,
        text: str,
        parameters: Mapping[str, Any],
        *,
        partition: str | None = None,
        page_size: int = 500,
    ) -> Iterator[Any]:
        """Rows of a query, page by page; over all partitions when none is named.

        A page that fails is asked for again with its continuation, so that no row comes twice.
        """
        named: list[dict[str, object]] = [
            {"name": f"@{name}", "value": value} for name, value in parameters.items()
        ]
        scope: dict[str, Any] = (
            {"enable_cross_partition_query": True} if partition is None else {"partition_key": partition}
        )
        what = f"query {container}"
        pages = self.call(
            what,
            lambda: (
                self.container(container)
                .query_items(query=text, parameters=named, max_item_count=page_size, **scope)
                .by_page()
            ),
        )
        while True:
            page = self.call(what, lambda: _next_page(pages))
            if page is None:
                return
            yield from page


def _next_page(pages: Iterator[Iterator[Any]]) -> list[Any] | None:
    try:
        return list(next(pages))
    except StopIteration:
        return None
