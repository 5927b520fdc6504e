"""What the environment says of a kind of call is heeded wherever such calls are made, and documented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anomalyctl.azure.backend import StateAccount
from anomalyctl.azure.cloud import PUBLIC
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.rest import Rest
from anomalyctl.azure.state_blobs import StateBlobs
from anomalyctl.azure.transfer import Transfer
from anomalyctl.errors import InvalidInput
from anomalyctl.language.client import LanguageClient
from anomalyctl.language.settings import LanguageSettings
from anomalyctl.operations.feeding import Sender
from anomalyctl.operations.state_backend.access import ONE_PROBE, wait_for_access
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.settings import WorkerSettings
from anomalyctl.pipeline.worker import Worker
from anomalyctl.resilience.policies import LOGS, METRICS, STATE_BLOBS, VAULT, Policy
from anomalyctl.resilience.settings import in_force
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.readings import ReadingStore
from tests.docs.resilience_numbers import DOCUMENT, with_numbers
from tests.support.azure_stand_in.entra import StandInCredential

NOWHERE = "127.0.0.1:1,ssl=False"
CREDENTIAL: Any = StandInCredential()
ACCOUNT: Any = StateAccount("account", "rg", "s", "tfstate", "key", "northeurope", "Standard_ZRS")


def rest(policy: Policy) -> Callable[[], object]:
    return lambda: Rest("https://example.invalid", "scope", CREDENTIAL, PUBLIC, policy=policy)


def worker() -> Worker:
    settings: Any = WorkerSettings
    made = Worker(
        settings(
            redis_connection_string=NOWHERE,
            cosmos_db_connection_string="http://127.0.0.1:1",
            fastapi_endpoint="http://127.0.0.1:1",
        )
    )
    _ = made.detectors
    return made


MAKING: dict[str, list[Callable[[], object]]] = {
    "CACHE": [
        lambda: connect_redis(NOWHERE),
        worker,
        lambda: Sender(ReadingStore(connect_redis(NOWHERE)), "well-1", "live", sleep=lambda _: None),
    ],
    "DATABASE": [worker],
    "DETECTORS": [worker, lambda: DetectorClient("http://127.0.0.1:1")],
    "LANGUAGE_MODEL": [lambda: LanguageClient(LanguageSettings("https://example.invalid", "gpt", "key"))],
    "RESOURCE_MANAGER": [lambda: ResourceManager(PUBLIC, CREDENTIAL, "s")],
    "STATE_BLOBS": [lambda: StateBlobs(PUBLIC, CREDENTIAL, ACCOUNT)],
    "ARRIVAL_OF_A_ROLE": [lambda: wait_for_access(CREDENTIAL)],
    "UPLOADS": [lambda: Transfer(PUBLIC)],
    "VAULT": [rest(VAULT)],
    "METRICS": [rest(METRICS)],
    "LOGS": [rest(LOGS)],
}


@pytest.mark.parametrize(("kind", "make"), [(kind, make) for kind in MAKING for make in MAKING[kind]])
def test_each_kind_of_call_heeds_its_variables(
    kind: str, make: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"RESILIENCE_{kind}_ATTEMPTS", "0")
    with pytest.raises(InvalidInput) as refused:
        make()
    assert refused.value.field == f"RESILIENCE_{kind}_ATTEMPTS"


def test_the_documented_numbers_are_those_in_force() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert document == with_numbers(document), "run `python -m tests.docs.resilience_numbers`"


def test_one_try_within_anothers_retries_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESILIENCE_STATE_BLOBS_ATTEMPTS", "7")
    monkeypatch.setenv("RESILIENCE_STATE_BLOBS_TIMEOUT_S", "3")
    assert (in_force(ONE_PROBE).attempts, in_force(ONE_PROBE).timeout_s) == (1, 3)
    assert in_force(STATE_BLOBS).attempts == 7
