"""The OpenAPI document against the service: what is generated from it gets an answer that it describes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.simulator import Telemetry
from anomalyctl.telemetry.times import format_time

BOUNDED = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
AUTHORIZED = {"authorization": "Bearer a-token-of-the-tests-1234"}
QUERIES: tuple[dict[str, Any], ...] = (
    {},
    {"last": 5, "late": True},
    {"scope": "all"},
    {"scope": "all", "results": "full"},
    {"results": "anomalous"},
)


@pytest.fixture
def described(client: httpx.Client, fitted: ReadingStore) -> Any:
    return schemathesis.openapi.from_dict(client.get("/openapi.json").json())


def test_every_generated_request_gets_an_answer_that_is_described(
    client: httpx.Client, described: Any
) -> None:
    met: Counter[int] = Counter()
    for operation in (found.ok() for found in described.get_all_operations()):
        # What takes no parameters has no wrong ones.
        for mode in GenerationMode if operation.method == "post" else (GenerationMode.POSITIVE,):

            @BOUNDED
            @given(operation.as_strategy(generation_mode=mode))
            def answered(case: schemathesis.Case) -> None:
                answer = case.call(base_url=str(client.base_url), headers=AUTHORIZED)
                met[answer.status_code] += 1
                # That valid requests are accepted needs readings in order, with core tags: see below.
                case.validate_response(answer, excluded_checks=[positive_data_acceptance, ignored_auth])

            answered()
    assert met[200] and met[422] and max(met) < 500, met


@pytest.mark.parametrize("tier", ["heuristic", "statistical", "ml"])
@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_every_verdict_is_as_described(
    client: httpx.Client, described: Any, telemetry: Telemetry, tier: str, query: dict[str, Any]
) -> None:
    rows = [{"timestamp": format_time(row.timestamp), **row.values} for row in telemetry.readings()][:30]
    rows[25]["INJECTION_PRESSURE"] = 400.0
    body = {"source": "well-1", "readings": rows}
    operation = described["/detect/{tier}"]["POST"]
    case = operation.Case(path_parameters={"tier": tier}, query=query, body=body)
    answer = case.call(base_url=str(client.base_url), headers=AUTHORIZED)
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdicts"]
    case.validate_response(answer, excluded_checks=[ignored_auth])
