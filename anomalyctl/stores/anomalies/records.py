"""What is written down for good about an episode: `modified_values` and the append-only `anomaly_events`."""

from __future__ import annotations

from anomalyctl.stores.anomalies.connection import CosmosConnection, Document
from anomalyctl.stores.anomalies.schema import EVENTS, MODIFIED_VALUES
from anomalyctl.stores.cosmos_errors import Conflict


class RecordStore(CosmosConnection):
    """Documents with ids that follow from the episode and its revision, so that writing one twice is once."""

    def append_event(self, document: Document) -> bool:
        """Add one action's event; one that is there already is never changed. True when it was added."""
        return self._add_once(EVENTS, document)

    def events(self, anomaly_id: str) -> list[Document]:
        """Every action on an episode, oldest first."""
        query = "SELECT * FROM c WHERE c.anomaly_id = @anomaly_id"
        found = self.query(EVENTS, query, {"anomaly_id": anomaly_id}, partition=anomaly_id)
        return sorted(found, key=lambda document: int(document["revision"]))

    def add_modified_values(self, document: Document) -> bool:
        """Keep original and modified values of one `modify`. True when it was added."""
        return self._add_once(MODIFIED_VALUES, document)

    def modified_values(self, anomaly_id: str) -> list[Document]:
        """Every modification of an episode's reading, oldest first."""
        query = "SELECT * FROM c WHERE c.anomaly_id = @anomaly_id"
        found = self.query(MODIFIED_VALUES, query, {"anomaly_id": anomaly_id}, partition=anomaly_id)
        return sorted(found, key=lambda document: int(document["revision"]))

    def _add_once(self, container: str, document: Document) -> bool:
        try:
            self.call(
                f"record {document['id']}",
                lambda: self.container(container).create_item(dict(document)),
                unconditional=True,
            )
        except Conflict:
            return False
        return True
