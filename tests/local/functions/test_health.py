"""The host's two addresses: who may look, and how often."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import orjson
import pytest

from anomalyctl.errors import PreconditionFailed
from anomalyctl.local.functions.__main__ import TOKEN_VARIABLE, _health
from anomalyctl.local.functions.health import HealthServer

TOKEN = "a-secret-of-this-test"
Ask = Callable[..., http.client.HTTPResponse]


@contextmanager
def served(**bounds: Any) -> Iterator[Ask]:
    server = HealthServer(0, TOKEN, lambda: {"status": "healthy"}, **bounds)
    server.start()
    with ExitStack() as open_ones:

        def ask(path: str, token: str = TOKEN) -> http.client.HTTPResponse:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            open_ones.callback(connection.close)
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse()

        yield ask
    server.stop()


def test_only_the_token_opens_it() -> None:
    with served() as ask:
        for path in ("/health", "/metrics", "/nothing"):
            answer = ask(path, "guess")
            assert answer.status == 401
            assert answer.getheader("WWW-Authenticate") == "Bearer"
            assert answer.getheader("Content-Type") == "application/problem+json"
        assert ask("/health").status == 200
        assert ask("/metrics").status == 200
        assert ask("/nothing").status == 404


def test_whoever_asks_too_often_is_told_when_to_come_again() -> None:
    with served(requests_per_second=0.01) as ask:
        assert ask("/health").status == 200
        answer = ask("/health")
        assert answer.status == 429
        assert 1 <= int(answer.getheader("Retry-After") or 0) <= 100
        assert orjson.loads(answer.read())["title"] == "Too Many Requests"


def test_without_a_token_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    host: Any = None
    with pytest.raises(PreconditionFailed, match=TOKEN_VARIABLE):
        _health(host)
