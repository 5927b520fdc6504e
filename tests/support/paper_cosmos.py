"""An `AnomalyStore` over dictionaries: the store's own logic runs, only the containers are paper."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.connection import Document


class PaperContainer:
    """The requests that triage sends; every write changes the etag."""

    def __init__(self) -> None:
        self.items: dict[str, Document] = {}
        self._writes = 0

    def read_item(self, item: str, partition_key: str) -> Document:
        """Point read."""
        if item not in self.items:
            raise CosmosResourceNotFoundError(status_code=404, message="not found")
        return copy.deepcopy(self.items[item])

    def create_item(self, body: Document) -> Document:
        """Refused where the id is taken."""
        if body["id"] in self.items:
            raise CosmosResourceExistsError(status_code=409, message="exists")
        return self._put(body)

    def replace_item(self, item: str, body: Document, *, etag: str, match_condition: Any) -> Document:
        """Under the etag."""
        self._hold(item, etag)
        return self._put(body)

    def patch_item(
        self,
        item: str,
        *,
        partition_key: str,
        patch_operations: Sequence[Mapping[str, Any]],
        etag: str,
        match_condition: Any,
    ) -> Document:
        """Set and remove, under the etag."""
        self._hold(item, etag)
        body = copy.deepcopy(self.items[item])
        for operation in patch_operations:
            key = operation["path"].removeprefix("/")
            if operation["op"] == "remove":
                del body[key]
            else:
                body[key] = operation["value"]
        return self._put(body)

    def _hold(self, item: str, etag: str) -> None:
        if item not in self.items:
            raise CosmosResourceNotFoundError(status_code=404, message="not found")
        if self.items[item]["_etag"] != etag:
            raise CosmosAccessConditionFailedError(status_code=412, message="changed")

    def _put(self, body: Document) -> Document:
        self._writes += 1
        self.items[body["id"]] = {**copy.deepcopy(dict(body)), "_etag": f'"{self._writes}"'}
        return copy.deepcopy(self.items[body["id"]])


class PaperStore(AnomalyStore):
    """Starts empty."""

    def __init__(self) -> None:
        # No client and no guard: nothing is sent.
        self._paper: dict[str, PaperContainer] = {}

    def container(self, name: str) -> Any:
        """The paper, not the SDK's proxy."""
        return self._paper.setdefault(name, PaperContainer())

    def call(self, what: str, function: Callable[[], Any], *, unconditional: bool = False) -> Any:
        """Errors in our words, without retries."""
        from anomalyctl.stores.cosmos_errors import cosmos_errors

        with cosmos_errors(what):
            return function()

    def events(self, anomaly_id: str) -> list[Document]:
        """Without a query: paper is not searched."""
        found = [each for each in self._all("anomaly_events") if each["anomaly_id"] == anomaly_id]
        return sorted(found, key=lambda document: int(document["revision"]))

    def documents(self, names: Iterable[str]) -> dict[str, list[Document]]:
        """What lies in the containers, without the system's keys, by id."""
        return {
            name: [
                {key: value for key, value in document.items() if key != "_etag"}
                for document in sorted(self._all(name), key=lambda document: str(document["id"]))
            ]
            for name in names
        }

    def forget(self, name: str) -> None:
        """Empty a container."""
        self.container(name).items.clear()

    def change(self, name: str, how: Callable[[Document], object]) -> None:
        """Change every document of a container in place."""
        for document in self.container(name).items.values():
            how(document)

    def _all(self, name: str) -> list[Document]:
        return [copy.deepcopy(document) for document in self.container(name).items.values()]
