"""Verdicts, episodes, what operators did, and dead letters, in Cosmos DB."""

from anomalyctl.stores.anomalies.store import AnomalyStore

__all__ = ["AnomalyStore"]
