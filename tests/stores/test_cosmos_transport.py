"""What only a real account answers, between the SDK and the local endpoint: our one retry heals each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from tests.support.anomaly_stores import START, fresh_store, plain_verdict
from tests.support.cosmos_server import CosmosServer, cosmos_server

DOCUMENTS = [plain_verdict(second) for second in range(30)]
DAY = DOCUMENTS[0]["source_day"]
CALLS: dict[str, Callable[[AnomalyStore], object]] = {
    "query": lambda store: len(store.existing_ids(DAY, [each["id"] for each in DOCUMENTS])) == 30,
    "pages": lambda store: (
        len(list(store.verdicts("well-1", START, START + timedelta(minutes=1), page_size=7))) == 30
    ),
    "query of all": lambda store: store.sources(START, START + timedelta(minutes=1)) == ["well-1"],
    "read": lambda store: store.verdict(DOCUMENTS[0]["id"]) is not None,
    "transaction": lambda store: store.upsert_verdicts(DAY, DOCUMENTS) == 30,
}


@dataclass
class Account:
    """Answers some requests for documents with another status and sub-status than the endpoint did."""

    answers: Callable[[Any], tuple[int, str] | None] = lambda request: None
    asked: list[int] = field(default_factory=list)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Stands between the transport and the wire."""
    account, send = Account(), RequestsTransport.send

    def answered(transport: Any, request: Any, **options: Any) -> Any:
        response = send(transport, request, **options)
        if "/docs" in request.url:
            said = account.answers(request)
            if said is not None:
                response.status_code, response.headers["x-ms-substatus"] = said
                response.internal_response.status_code = said[0]
            account.asked.append(response.status_code)
        return response

    monkeypatch.setattr(RequestsTransport, "send", answered)
    return account


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    """The local endpoint."""
    with cosmos_server(tmp_path_factory.mktemp("transport")) as running:
        yield running


@pytest.mark.parametrize(
    "answer",
    [(410, "1002"), (410, "1000"), (404, "1002"), (403, "3"), (503, "0"), (449, "0")],
    ids=lambda answer: f"{answer[0]}-{answer[1]}",
)
def test_what_a_real_account_answers_once_is_asked_once_more(
    server: CosmosServer, account: Account, answer: tuple[int, str]
) -> None:
    with fresh_store(server) as store:
        store.upsert_verdicts(DAY, DOCUMENTS)
        store.guard = Guard(DATABASE, sleep=lambda _: None)
        account.answers = lambda request: answer if not account.asked else None
        for name, call in CALLS.items():
            account.asked.clear()
            assert call(store), name
            assert account.asked[0] == answer[0], name
            assert set(account.asked[1:]) == {200}, name
