"""Episode documents: `unresolved_anomalies` and `resolved_anomalies`, read and changed under their etags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from azure.core import MatchConditions

from anomalyctl.errors import NotFound
from anomalyctl.stores.anomalies.connection import CosmosConnection, Document
from anomalyctl.stores.anomalies.schema import RESOLVED, UNRESOLVED
from anomalyctl.stores.cosmos_errors import Conflict


class EpisodeStore(CosmosConnection):
    """Open and resolved episodes. `Conflict` means: exists already, or changed since it was read."""

    def unresolved(self, anomaly_id: str) -> Document | None:
        """The episode in `unresolved_anomalies`, also while it is closing; None when it is not there."""
        return self.read_or_none(UNRESOLVED, anomaly_id, anomaly_id)

    def resolved(self, anomaly_id: str) -> Document | None:
        """The episode in `resolved_anomalies`; None when it is not there."""
        return self.read_or_none(RESOLVED, anomaly_id, anomaly_id)

    def create_unresolved(self, document: Document) -> Document:
        """Add a new episode. Raises `Conflict` when its id is taken."""
        body = {**document, "id": document["anomaly_id"]}
        return self.call(
            f"open {document['anomaly_id']}", lambda: dict(self.container(UNRESOLVED).create_item(body))
        )

    def patch_unresolved(self, document: Document, operations: Sequence[dict[str, Any]]) -> Document:
        """Patch the episode if it is still as `document` was read. Raises `Conflict` or `NotFound`."""
        anomaly_id = document["anomaly_id"]
        return self.call(
            f"change {anomaly_id}",
            lambda: dict(
                self.container(UNRESOLVED).patch_item(
                    anomaly_id,
                    partition_key=anomaly_id,
                    patch_operations=list(operations),
                    etag=document["_etag"],
                    match_condition=MatchConditions.IfNotModified,
                )
            ),
        )

    def put_resolved(self, document: Document) -> bool:
        """Write the resolved episode unless its revision, or a later one, is there. True when written."""
        anomaly_id = document["anomaly_id"]
        body = {**without_system_keys(document), "id": anomaly_id}
        while True:
            present = self.resolved(anomaly_id)
            try:
                if present is None:
                    self.call(
                        f"resolve {anomaly_id}", lambda: self.container(RESOLVED).create_item(dict(body))
                    )
                elif present["revision"] >= body["revision"]:
                    return False
                else:
                    self._replace_resolved(present, body)
                return True
            except Conflict:
                continue

    def withdraw_resolved(self, anomaly_id: str, revision: int) -> bool:
        """Mark the resolved episode as reopened at `revision`, unless it was resolved again since."""
        while True:
            present = self.resolved(anomaly_id)
            if present is None or present["revision"] >= revision or present["status"] == "reopened":
                return False
            try:
                self._replace_resolved(present, {**without_system_keys(present), "status": "reopened"})
                return True
            except Conflict:
                continue

    def forget_unresolved_after(self, anomaly_id: str, seconds: int, *, revision: int) -> bool:
        """Let a closing episode expire, once the change feed has carried it. True when it was set."""
        while True:
            present = self.unresolved(anomaly_id)
            if (
                present is None
                or present["status"] != "resolved"
                or present["revision"] != revision
                or "ttl" in present
            ):
                return False
            try:
                self.patch_unresolved(present, [{"op": "set", "path": "/ttl", "value": seconds}])
                return True
            except (Conflict, NotFound):
                continue

    def episodes_since(self, source: str, last_ms: int) -> list[Document]:
        """Episodes of a source, open, closing or resolved, seen at `last_ms` or later; oldest first."""
        query = "SELECT * FROM c WHERE c.source = @source AND c.last_ms >= @last_ms"
        parameters = {"source": source, "last_ms": last_ms}
        found = {
            document["anomaly_id"]: document
            for document in self.query(RESOLVED, query, parameters)
            if document["status"] == "resolved"
        }
        for document in self.query(UNRESOLVED, query, parameters):
            other = found.get(document["anomaly_id"])
            if other is None or document["revision"] > other["revision"]:
                found[document["anomaly_id"]] = document
        return sorted(found.values(), key=lambda document: (document["first_ms"], document["anomaly_id"]))

    def closing(self) -> Iterator[Document]:
        """Episodes that were patched to resolved and are still waiting for what follows."""
        query = "SELECT * FROM c WHERE c.status = 'resolved' AND NOT IS_DEFINED(c.ttl)"
        return self.query(UNRESOLVED, query, {})

    def acted_since(self, acted_ms: int) -> Iterator[Document]:
        """Episodes in `unresolved_anomalies` on which an operator acted at `acted_ms` or later."""
        query = "SELECT * FROM c WHERE c.acted_ms >= @acted_ms"
        return self.query(UNRESOLVED, query, {"acted_ms": acted_ms})

    def select_episodes(
        self, container: str, conditions: Sequence[str], parameters: Mapping[str, Any]
    ) -> Iterator[Document]:
        """Episodes of one container, newest first; the conditions are ours, never a user's text."""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        # Only our own fixed conditions are joined; what a user chose travels as parameters.
        query = f"SELECT * FROM c{where} ORDER BY c.detected_at DESC"  # noqa: S608
        return self.query(container, query, parameters)

    def _replace_resolved(self, present: Document, body: Document) -> None:
        self.call(
            f"resolve {body['anomaly_id']}",
            lambda: self.container(RESOLVED).replace_item(
                present["id"],
                dict(body),
                etag=present["_etag"],
                match_condition=MatchConditions.IfNotModified,
            ),
        )


def without_system_keys(document: Mapping[str, Any]) -> Document:
    """The document as we wrote it: no `_etag`, `_ts` and the like, and no `ttl`."""
    return {key: value for key, value in document.items() if not key.startswith("_") and key != "ttl"}
