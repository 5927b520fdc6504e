"""What every part of the anomaly store stands on: guarded calls, point reads and paged queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from anomalyctl.errors import NotFound, Transient
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.resilience.settings import in_force
from anomalyctl.stores.anomalies.schema import DATABASE_NAME
from anomalyctl.stores.cosmos_errors import Conflict, cosmos_errors

if TYPE_CHECKING:
    from azure.cosmos import ContainerProxy, CosmosClient, DatabaseProxy

_CONDITION_FAILED: Final = 412

T = TypeVar("T")
Document = dict[str, Any]


class CosmosConnection:
    """The database behind one guard; the parts of `AnomalyStore` inherit it."""

    def __init__(
        self, client: CosmosClient, *, guard: Guard | None = None, database_name: str = DATABASE_NAME
    ) -> None:
        self.client = client
        self.guard = guard or Guard(in_force(DATABASE))
        self.database: DatabaseProxy = client.get_database_client(database_name)
        self._containers: dict[str, ContainerProxy] = {}

    def container(self, name: str) -> ContainerProxy:
        """The SDK's proxy of a container; asks nothing of the server."""
        if name not in self._containers:
            self._containers[name] = self.database.get_container_client(name)
        return self._containers[name]

    def call(self, what: str, function: Callable[[], T], *, unconditional: bool = False) -> T:
        """Run one request under the database's policy, with its errors in our words.

        An `unconditional` one has no etag to be wrong about: a 412 is trouble on the way, and is tried again.
        """

        def attempt() -> T:
            try:
                with cosmos_errors(what):
                    return function()
            except Conflict as error:
                if unconditional and error.details.get("status") == _CONDITION_FAILED:
                    raise Transient(error.message, details=error.details) from error
                raise

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
        """Rows of a query: of one partition, page by page; or of all partitions, fetched at once.

        No row is lost or comes twice when a request fails and is tried again.
        """
        what = f"query {container}"
        if partition is None:
            # The SDK's merge over partitions loses rows when it goes on after an error: repeat all of it.
            yield from self.call(what, lambda: list(self._items(container, text, parameters, page_size)))
            return
        pages = self._items(container, text, parameters, page_size, partition).by_page()
        while (page := self.call(what, lambda: _next_page(pages))) is not None:
            yield from page

    def _items(
        self,
        container: str,
        text: str,
        parameters: Mapping[str, Any],
        page_size: int,
        partition: str | None = None,
    ) -> Any:
        named: list[dict[str, object]] = [
            {"name": f"@{name}", "value": value} for name, value in parameters.items()
        ]
        scope: dict[str, Any] = (
            {"enable_cross_partition_query": True} if partition is None else {"partition_key": partition}
        )
        return self.container(container).query_items(
            query=text, parameters=named, max_item_count=page_size, **scope
        )


def _next_page(pages: Iterator[Iterator[Any]]) -> list[Any] | None:
    try:
        return list(next(pages))
    except StopIteration:
        return None
