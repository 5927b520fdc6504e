"""Azure's small interfaces that need no SDK of their own: one address, one audience, JSON in and out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline import policies
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from anomalyctl.azure.cloud import Cloud
from anomalyctl.azure.failures import azure_errors
from anomalyctl.errors import Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import Policy
from anomalyctl.resilience.settings import in_force

Document = dict[str, Any]


class Rest:
    """A client of one service, signed in with Entra. One object serves many threads.

    Methods raise SignInFailed, NotAllowed, Transient, Unreachable, TimedOut and AzureRefused.
    """

    def __init__(
        self,
        address: str,
        scope: str,
        credential: TokenCredential,
        cloud: Cloud,
        *,
        policy: Policy,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        policy = in_force(policy)
        self._guard = Guard(policy, sleep=sleep)
        transport: Any = RequestsTransport(
            connection_timeout=min(10.0, policy.timeout_s),
            read_timeout=policy.timeout_s,
            **({"connection_verify": cloud.ca_bundle} if cloud.ca_bundle else {}),
        )
        self._address = address.rstrip("/")
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._address,
            transport=transport,
            policies=[
                policies.UserAgentPolicy("anomalyctl"),
                policies.ProxyPolicy(),
                policies.BearerTokenCredentialPolicy(credential, scope),
            ],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, what: str, **query: str) -> Document:
        """The document at a path; `what` completes “Azure failed while …”."""
        return self._send(HttpRequest("GET", self._address + path, params=query), what)

    def post(self, path: str, body: Mapping[str, Any], what: str, **headers: str) -> Document:
        """The answer to a question that needs a body."""
        return self._send(
            HttpRequest("POST", self._address + path, json=dict(body), headers=dict(headers)), what
        )

    def put(self, path: str, body: Mapping[str, Any], what: str, **query: str) -> Document:
        """What became of a document that was written at a path."""
        return self._send(HttpRequest("PUT", self._address + path, json=dict(body), params=query), what)

    def _send(self, request: HttpRequest, what: str) -> Document:
        def ask() -> Document:
            with azure_errors(what):
                response = self._client.send_request(request)
                response.raise_for_status()
                return _document(response, what)

        return self._guard.call(ask)


def _document(response: HttpResponse, what: str) -> Document:
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        kind = response.headers.get("content-type", "no JSON")
        raise Unreachable(
            f"What answered while {what} is not Azure: it sent {kind}.",
            hint="A proxy or a sign-in page stands between: check the network and the proxy variables.",
        )
    return document
