"""From what the Cosmos SDK raises to the errors of this house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.cosmos.exceptions import CosmosClientTimeoutError, CosmosHttpResponseError

from anomalyctl.errors import (
    AnomalyctlError,
    InternalError,
    InvalidInput,
    LostRace,
    NotDeployed,
    NotFound,
    SignInFailed,
    TimedOut,
    Transient,
    Unreachable,
)
from anomalyctl.resilience.guard import rate_limited
from anomalyctl.stores.cosmos_transport import AskedAgain

_RETRY_AFTER_MS: Final = "x-ms-retry-after-ms"
_OWNER_MISSING: Final = 1003
"""Sub-status of a 404 whose database or container, not whose document, does not exist."""

_NOT_THERE_YET: Final = 1002
"""Of a 404: the replica that was asked has not heard yet of what this session has written."""
_FAILING_OVER: Final = (3, 1008)
"""Of a 403: no writes here any more, or no such region; another one takes them."""


class Conflict(LostRace):
    """The document exists already, or was changed since it was read. Callers turn it into what it means."""

    code = "conflict"


@contextmanager
def cosmos_errors(what: str) -> Iterator[None]:
    """Translate the SDK's errors in the block; `what` completes "Could not …"."""
    try:
        yield
    except AzureError as error:
        raise translate(error, what) from error


def translate(error: AzureError, what: str) -> AnomalyctlError:
    """The error of ours that says the same as the SDK's."""
    if isinstance(error, AskedAgain):
        # Who reads the causes, to tell a firewall from a missing role, finds what was answered.
        error.__cause__ = only = _of_the_only_try(error)
        return translate(only, what)
    if isinstance(error, ClientAuthenticationError):
        return _not_allowed(what) if error.response is not None else _no_token(error, what)
    if isinstance(error, HttpResponseError) and error.status_code and not _is_cut_off(error):
        return _by_status(error, what)
    if isinstance(error, CosmosClientTimeoutError):
        return TimedOut(f"Could not {what}: Cosmos DB did not answer in time.")
    if isinstance(error, ServiceRequestError | ServiceResponseError | HttpResponseError):
        return Unreachable(
            f"Could not {what}: Cosmos DB cannot be reached.",
            hint="Run `anomalyctl status`; for `local`, `anomalyctl deploy` starts it again.",
        )
    return InternalError(f"Could not {what}: {_first_line(error)}")


def _of_the_only_try(error: AskedAgain) -> AzureError:
    first = error.first
    made: Any = CosmosHttpResponseError
    return first if isinstance(first, AzureError) else cast("AzureError", made(response=first))


def _is_cut_off(error: HttpResponseError) -> bool:
    """The answer's beginning came, and says nothing without its end."""
    return isinstance(error, IncompleteReadError | DecodeError)


def _by_status(error: HttpResponseError, what: str) -> AnomalyctlError:
    status = int(error.status_code or 0)
    sub_status = getattr(error, "sub_status", None)
    if status in (401, 403) and sub_status not in _FAILING_OVER:
        return _not_allowed(what)
    if (status == 404 and sub_status == _NOT_THERE_YET) or status == 403:
        return Transient(f"Could not {what}: Cosmos DB fails over, or is behind.", details={"status": status})
    if status == 404:
        if sub_status == _OWNER_MISSING or not _is_about_a_document(error):
            return NotDeployed(
                f"Could not {what}: the database has not been created.",
                hint="Run `anomalyctl deploy` for this environment.",
            )
        return NotFound(f"Could not {what}: there is no such document.")
    if status in (409, 412):
        return Conflict(f"Could not {what}: somebody else changed it first.", details={"status": status})
    if status == 413:
        return InvalidInput(f"Could not {what}: it is larger than Cosmos DB takes.", field="document")
    if status == 429:
        return rate_limited(
            f"Could not {what}: Cosmos DB is asked too often.", retry_after_s=_retry_after_s(error)
        )
    if status in (408, 410, 424, 449) or status >= 500:
        return Transient(f"Could not {what}: Cosmos DB answered {status}.", details={"status": status})
    return InternalError(f"Could not {what}: Cosmos DB answered {status}: {_first_line(error)}")


def _not_allowed(what: str) -> SignInFailed:
    return SignInFailed(
        f"Could not {what}: the key or identity is not accepted by Cosmos DB.",
        hint="Check COSMOS_DB_CONNECTION_STRING, or the roles of your identity on the account.",
    )


def _no_token(error: ClientAuthenticationError, what: str) -> SignInFailed:
    return SignInFailed(
        f"Could not {what}: there is no token for Cosmos DB: {_first_line(error)}",
        hint="Check the identity of this process.",
    )


def _is_about_a_document(error: HttpResponseError) -> bool:
    """The SDK reads the container before its documents, and that fails first where nothing is created."""
    request = getattr(error.response, "request", None)
    return request is None or "/docs" in request.url


def _retry_after_s(error: HttpResponseError) -> float:
    headers: Any = getattr(error, "headers", None) or {}
    try:
        return float(headers.get(_RETRY_AFTER_MS, 0)) / 1000
    except ValueError:
        return 0.0


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line and not line.startswith("Status code")]
    return (lines or [type(error).__name__])[0][:300]
