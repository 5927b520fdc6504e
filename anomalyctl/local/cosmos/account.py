"""The account document: one region, at the address that the client used, so SDKs need no special setting."""

from __future__ import annotations

from typing import Any

import orjson

_QUERY_ENGINE = {
    "maxSqlQueryInputLength": 262144,
    "maxJoinsPerSqlQuery": 10,
    "maxLogicalAndPerSqlQuery": 2000,
    "maxLogicalOrPerSqlQuery": 2000,
    "maxInExpressionItemsCount": 16000,
    "queryMaxInMemorySortDocumentCount": 500,
    "maxQueryRequestTimeoutFraction": 0.9,
    "sqlAllowNonFiniteNumbers": False,
    "sqlAllowSubQuery": True,
    "sqlAllowScalarSubQuery": True,
    "sqlAllowGroupByClause": True,
    "sqlAllowTop": True,
    "enableSpatialIndexing": False,
}


def account(base_url: str) -> dict[str, Any]:
    """What `GET /` answers; `base_url` is scheme, host and port as the client sees them."""
    region = {"name": "Local", "databaseAccountEndpoint": f"{base_url}/"}
    replication = {"minReplicaSetSize": 1, "maxReplicasetSize": 1}
    return {
        "_self": "",
        "id": "local",
        "_rid": "local",
        "media": "//media/",
        "addresses": "//addresses/",
        "_dbs": "//dbs/",
        "writableLocations": [region],
        "readableLocations": [region],
        "enableMultipleWriteLocations": False,
        "continuousBackupEnabled": False,
        "enableNRegionSynchronousCommit": False,
        "userReplicationPolicy": {"asyncReplication": False, **replication},
        "systemReplicationPolicy": {**replication, "asyncReplication": False},
        "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
        "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
        "queryEngineConfiguration": orjson.dumps(_QUERY_ENGINE).decode(),
    }
