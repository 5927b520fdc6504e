"""Sending files to Azure and asking the services that stand outside of Resource Manager, over TLS."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline import policies
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from anomalyctl.azure.cloud import Cloud
from anomalyctl.azure.failures import azure_errors
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import Policy
from anomalyctl.resilience.settings import in_force

UPLOADS: Final = Policy(
    "uploads",
    timeout_s=300.0,
    attempts=4,
    wait_max_s=20.0,
    rate_limit_attempts=5,
    rate_limit_wait_max_s=120.0,
)
"""A package of 150 MB goes over a slow line in minutes."""


class Transfer:
    """Requests to one kind of service. With a credential they are signed; without one the address carries
    its own permission, and is never shown.
    """

    def __init__(
        self,
        cloud: Cloud,
        credential: TokenCredential | None = None,
        scope: str = "",
        *,
        policy: Policy = UPLOADS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        policy = in_force(policy)
        self._guard = Guard(policy, sleep=sleep)
        verify = {"connection_verify": cloud.ca_bundle} if cloud.ca_bundle else {}
        transport: Any = RequestsTransport(
            connection_timeout=min(10.0, policy.timeout_s), read_timeout=policy.timeout_s, **verify
        )
        stages: list[Any] = [policies.UserAgentPolicy("anomalyctl"), policies.ProxyPolicy()]
        if credential is not None:
            stages.append(policies.BearerTokenCredentialPolicy(credential, scope))
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            "https://unused", transport=transport, policies=stages
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        address: str,
        what: str,
        *,
        file: Path | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> HttpResponse:
        """One request, with the bytes of `file`; `what` completes “Azure failed while …”.

        Raises SignInFailed, NotAllowed, Transient, Unreachable, TimedOut and AzureRefused.
        """

        def attempt() -> HttpResponse:
            if file is None:
                request = HttpRequest(method, address, headers=dict(headers or {}), params=query)
                return self._checked(request, what, allowed)
            with file.open("rb") as content:  # anew at each attempt
                request = HttpRequest(
                    method, address, headers=dict(headers or {}), params=query, content=content
                )
                return self._checked(request, what, allowed)

        return self._guard.call(attempt)

    def ask_once(self, address: str, what: str, *, allowed: tuple[int, ...] = ()) -> HttpResponse:
        """GET without trying again: for who asks again and again anyway. Raises as `send`."""
        return self._checked(HttpRequest("GET", address), what, allowed)

    def _checked(self, request: HttpRequest, what: str, allowed: tuple[int, ...]) -> HttpResponse:
        with azure_errors(what):
            response = self._client.send_request(request)
            if response.status_code not in allowed:
                response.raise_for_status()
            return response
