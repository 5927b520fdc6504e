"""`cosmosDBTrigger`: the change feed of one container, at least once, its place kept in a lease."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from azure.cosmos import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosHttpResponseError, CosmosResourceNotFoundError
from azure.functions import Document, DocumentList

from anomalyctl.errors import NotDeployed
from anomalyctl.local.functions.bindings import FunctionDefinition, refusal
from anomalyctl.local.functions.calls import Calls
from anomalyctl.local.functions.triggers import Trigger

_BAD_CONTINUATION = (400, 410)
_MOST_ITEMS = 100


class CosmosFeedTrigger(Trigger):
    """Calls with what changed, in the order of the changes, and notes its place when the call has returned.

    A call that failed is forgotten after its retry policy, as in Azure; without a policy, at once.
    """

    def __init__(
        self,
        definition: FunctionDefinition,
        calls: Calls,
        stopping: threading.Event,
        environ: Mapping[str, str],
    ) -> None:
        super().__init__(definition, calls, stopping)
        setting = definition.text("connection")
        self._connection_string = environ.get(setting) or environ.get(f"{setting}__accountEndpoint", "")
        if not self._connection_string:
            raise refusal(definition.folder, f"the setting {setting} is missing")
        self._database = definition.text("databaseName")
        self._container = definition.text("containerName")
        self._lease_container = definition.text("leaseContainerName", "leases")
        self._create_leases = definition.flag("createLeaseContainerIfNotExists")
        self._from_beginning = definition.flag("startFromBeginning")
        self._most = definition.number("maxItemsPerInvocation", _MOST_ITEMS)
        self._delay_s = definition.number("feedPollDelay", 5000) / 1000
        self._lease_id = f"{definition.name}.{self._database}.{self._container}"
        self._client: CosmosClient | None = None
        self._continuation: str | None = None

    def prepare(self) -> None:
        """Find the containers and the place where it stopped the last time."""
        from anomalyctl.stores.cosmos import connect_cosmos

        if self._client is None:
            self._client = connect_cosmos(self._connection_string)
        database = self._client.get_database_client(self._database)
        try:
            if self._create_leases:
                from azure.cosmos import PartitionKey

                database.create_container_if_not_exists(self._lease_container, PartitionKey("/id"))
            self._feed.read()
            self._leases.read()
        except CosmosResourceNotFoundError:
            raise NotDeployed(
                f"The container {self._container} or {self._lease_container} is not there yet."
            ) from None
        try:
            lease = self._leases.read_item(self._lease_id, partition_key=self._lease_id)
        except CosmosResourceNotFoundError:
            self._continuation = None
        else:
            self._continuation = lease.get("continuation")

    def round(self) -> float:
        """Hand over one batch; the next round follows at once while there is more."""
        try:
            documents, continuation = self._read()
        except CosmosHttpResponseError as error:
            if error.status_code not in _BAD_CONTINUATION or self._continuation is None:
                raise
            self._continuation = None  # the container was made anew
            return 0.0
        if documents:
            batch = DocumentList(Document.from_dict(document) for document in documents)
            if self.calls.call(batch) == "cut-short":
                return 0.0  # it comes again at the next start
        if continuation and continuation != self._continuation:
            self._leases.upsert_item({"id": self._lease_id, "continuation": continuation})
            self._continuation = continuation
        return 0.0 if documents else self._delay_s

    def clean_up(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    @property
    def _feed(self) -> ContainerProxy:
        return self._proxy(self._container)

    @property
    def _leases(self) -> ContainerProxy:
        return self._proxy(self._lease_container)

    def _proxy(self, container: str) -> ContainerProxy:
        if self._client is None:
            raise NotDeployed("The change feed is not connected.")
        return self._client.get_database_client(self._database).get_container_client(container)

    def _read(self) -> tuple[list[dict[str, Any]], str | None]:
        where: dict[str, Any] = (
            {"continuation": self._continuation}
            if self._continuation
            else {"start_time": "Beginning" if self._from_beginning else "Now"}
        )
        headers: dict[str, str] = {}
        pages = self._feed.query_items_change_feed(
            max_item_count=self._most, response_hook=lambda got, _: headers.update(got), **where
        ).by_page()
        documents = list(next(pages, ()))
        return documents, headers.get("etag")
