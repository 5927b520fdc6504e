"""Where things are kept: readings in Redis, anomalies in Cosmos DB."""
