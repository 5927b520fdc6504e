"""What the dashboard takes from Python is current; its vectors are what triage does on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest

from anomalyctl.errors import AnomalyctlError
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.anomalies.episodes import without_system_keys
from tests.docs.dashboard_types import GENERATED, generated_files
from tests.docs.triage_vectors import run, triage_vectors
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import cosmos_server

VECTORS = triage_vectors()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnomalyStore]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running, fresh_store(running) as fresh:
        yield fresh


@pytest.mark.parametrize("name", ["types.ts", "transitions.json", "tags.json", "vectors.json"])
def test_the_committed_file_is_what_python_says_now(name: str) -> None:
    text = (GENERATED / name).read_text(encoding="utf-8")
    assert text == generated_files()[name], "run `python -m tests.docs.dashboard_types`"


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_triage_does_on_a_real_database_what_its_vector_says(
    vector: dict[str, Any], store: AnomalyStore
) -> None:
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=vector["now_ms"])
    for name, documents in vector["before"].items():
        for present in store.query(name, "SELECT * FROM c", {}):
            store.container(name).delete_item(present["id"], partition_key=present["anomaly_id"])
        for document in documents:
            store.container(name).create_item(dict(document))
    refusal = outcome = None
    try:
        with patch("anomalyctl.triage.performing.uuid4", return_value=UUID(vector["operation"])):
            done = run(store, vector["anomaly_id"], vector["action"], vector["arguments"], vector["by"], now)
    except AnomalyctlError as error:
        refusal = {"code": error.code, "message": error.message, "field": getattr(error, "field", None)}
    else:
        outcome = {key: getattr(done, key) for key in vector.get("outcome", {})}
    assert (refusal, outcome) == (vector.get("refusal"), vector.get("outcome"))
    assert {name: _documents(store, name) for name in vector["after"]} == vector["after"]


def _documents(store: AnomalyStore, name: str) -> list[dict[str, object]]:
    found = store.query(name, "SELECT * FROM c", {})
    kept = [
        {**without_system_keys(document), **({"ttl": document["ttl"]} if "ttl" in document else {})}
        for document in found
    ]
    return sorted(kept, key=lambda document: str(document["id"]))
