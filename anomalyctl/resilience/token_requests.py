"""Asking for a token of Entra: azure-identity asks once, and what may heal is told from a refusal."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpRequest, RequestsTransport

from anomalyctl.errors import Transient, Unreachable
from anomalyctl.resilience.guard import rate_limited

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
_MAY_HEAL: Final = (408, 410, 429)
"""Beside what begins with a 5. 410 is the identity endpoint of a host that is being updated."""
_OF_MACHINES: Final = "169.254.169.254"
"""Where nothing answers at this address, the machine has no managed identity: that does not heal."""
_HINT: Final = "Run it again; see the network and the proxy variables."
_TROUBLES: ContextVar[list[Transient] | None] = ContextVar("troubles with a token", default=None)


class OneTry:
    """A credential of azure-identity that sends each request once; guards of ours repeat what may heal.

    `get_token` raises Transient (429, with the time that was named, and 5xx), Unreachable (no connection, no
    answer), or what azure-identity raises for a refusal: ClientAuthenticationError.
    """

    def __init__(self, kind: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """`kind` is the credential's class, the rest its arguments; `connection_verify` is a PEM file."""
        trust = {"connection_verify": options.pop("connection_verify", True)}
        transport = _Telling(connection_timeout=CONNECT_S, read_timeout=ANSWER_S, **trust)
        self.inner = kind(*arguments, transport=transport, retry_total=0, **options)

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **options: Any
    ) -> AccessToken:
        """A token for the scopes, from the credential's memory where that has one."""
        token: AccessToken = _told(
            lambda: self.inner.get_token(*scopes, claims=claims, tenant_id=tenant_id, **options)
        )
        return token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same, in the newer form of azure-core."""
        token: AccessTokenInfo = _told(lambda: self.inner.get_token_info(*scopes, options=options))
        return token

    def close(self) -> None:
        """Close the connections."""
        self.inner.close()


class _Telling(RequestsTransport):  # type: ignore[misc]
    """Notes what may heal, for azure-identity makes sentences of it; raised, it is not remembered by msal,
    which would answer the next tries itself.
    """

    def send(self, request: Any, **options: Any) -> Any:
        try:
            response: Any = super().send(request, **options)
        except (ServiceRequestError, ServiceResponseError) as error:
            if urlsplit(request.url).hostname != _OF_MACHINES:
                _note(_no_answer(request, error))
            raise
        status = int(response.status_code)
        if status not in _MAY_HEAL and status < 500:
            return response
        trouble = _failed(request, status, response.headers.get("Retry-After", ""))
        _note(trouble)
        raise ServiceResponseError(trouble.message)


def _told(ask: Callable[[], Any]) -> Any:
    troubles: list[Transient] = []
    before = _TROUBLES.set(troubles)
    try:
        return ask()
    except AzureError:
        if not troubles:
            raise
    finally:
        _TROUBLES.reset(before)
    # Outside of the handler: who looks into causes for a firewall must not take this address for another.
    raise troubles[-1]


def _note(trouble: Transient) -> None:
    troubles = _TROUBLES.get()
    if troubles is not None:
        troubles.append(trouble)


def _no_answer(request: HttpRequest, error: AzureError) -> Transient:
    said = (str(error.message).strip().splitlines() or [type(error).__name__])[0]
    said = said.split("): ", 1)[-1][:300]  # without the connection's own address again
    return Unreachable(f"There is no token: {_host(request)} cannot be reached: {said}", hint=_HINT)


def _failed(request: HttpRequest, status: int, retry_after: str) -> Transient:
    if status == 429:
        named = float(retry_after) if retry_after.isdigit() else 0.0
        message = f"There is no token: {_host(request)} is asked too often."
        return rate_limited(message, retry_after_s=named, hint=_HINT)
    return Transient(f"There is no token: {_host(request)} answered {status}.", hint=_HINT)


def _host(request: HttpRequest) -> str:
    return urlsplit(request.url).netloc.rpartition("@")[2]
