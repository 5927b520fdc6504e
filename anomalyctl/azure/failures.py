"""What Azure's failures are called here, and which of them may heal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from anomalyctl.errors import AnomalyctlError, SignInFailed, TimedOut, Transient, Unreachable
from anomalyctl.resilience.guard import rate_limited

HEALING_CODES: Final = frozenset(
    {
        "AnotherOperationInProgress",
        "EtagMismatch",
        "OperationNotAllowedOnResourceBeingProvisioned",
        "PrincipalNotFound",  # a new service principal has not reached this region's directory yet
        "ResourceGroupBeingDeleted",
        "RetryableError",
        "StorageAccountOperationInProgress",
        "TooManyRequests",
    }
)
"""Only exact codes: a failure that is tried again by mistake hides what is wrong."""


class AzureRefused(AnomalyctlError):
    """Azure understood and said no. `azure_code` is its own word for the reason, `status` the HTTP status."""

    code = "azure_refused"

    def __init__(self, message: str, *, azure_code: str, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint, details={"azure_code": azure_code, "status": status})
        self.azure_code = azure_code
        self.status = status


class NotAllowed(SignInFailed):
    """The principal is known and lacks a role; `azure_code` is Azure's own word."""

    code = "not_allowed"

    def __init__(self, message: str, *, azure_code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint, details={"azure_code": azure_code})
        self.azure_code = azure_code


@contextmanager
def azure_errors(what: str) -> Iterator[None]:
    """Turn azure-core's failures into ours; `what` is what was asked, as in “asking for the account”.

    Raises SignInFailed, NotAllowed, Transient, Unreachable, TimedOut, AzureRefused.
    """
    try:
        yield
    except ClientAuthenticationError as error:
        raise _of_response(error, what) if error.response is not None else _no_token(error) from error
    except HttpResponseError as error:
        raise _of_response(error, what) from error
    except ServiceResponseError as error:
        raise TimedOut(f"Azure did not answer in time while {what}.", hint="Try again.") from error
    except ServiceRequestError as error:
        raise Unreachable(
            f"Azure cannot be reached while {what}: {_first_line(error)}",
            hint="Check the network, the proxy variables and DNS.",
        ) from error
    except AzureError as error:
        raise Transient(f"Azure failed while {what}: {_first_line(error)}", hint="Try again.") from error


def error_of(response: Any) -> tuple[str, str]:
    """Azure's own code and sentence from an answer of Resource Manager or of a blob."""
    headers = response.headers
    try:
        body = response.json()
    except ValueError:
        body = None
    found = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return headers.get("x-ms-error-code", ""), ""
    inner = next((item for item in found.get("details") or [] if isinstance(item, dict)), {})
    code = str(found.get("code") or headers.get("x-ms-error-code", ""))
    message = str(found.get("message") or "")
    if code == "BadArgumentError":  # Log Analytics: only the innermost sentence says what is wrong
        while isinstance(found.get("innererror"), dict):
            found = found["innererror"]
        message = str(found.get("message") or message)
    if code in {"DeploymentFailed", "ResourceDeploymentFailure"} and inner:
        code, message = str(inner.get("code") or code), str(inner.get("message") or message)
    return code, (message.splitlines() or [""])[0]


def _of_response(error: HttpResponseError, what: str) -> AnomalyctlError:
    response: Any = error.response
    if response is None:
        return Transient(f"Azure broke off while {what}: {_first_line(error)}", hint="Try again.")
    status = int(response.status_code)
    code, message = error_of(response)
    said = message or code or f"HTTP {status}"
    if status == 429 or code == "TooManyRequests":
        return rate_limited(
            f"Azure is asked too often (while {what}).",
            retry_after_s=_retry_after_s(response.headers.get("Retry-After", "")),
            hint="Wait a minute and run it again.",
        )
    if status >= 500 or status == 408 or code in HEALING_CODES:
        return Transient(f"Azure failed while {what}: {said}", hint="Run it again.")
    if status == 401:
        return SignInFailed(f"Azure does not accept the sign-in: {said}", hint="Sign in again: az login")
    if status == 403:
        return NotAllowed(
            f"Azure does not allow {what}: {said}",
            azure_code=code,
            hint="Ask the subscription's owner for the role.",
        )
    return AzureRefused(f"Azure refused while {what}: {said}", azure_code=code, status=status)


def _no_token(error: ClientAuthenticationError) -> SignInFailed:
    return SignInFailed(f"Azure does not let us in: {_first_line(error)}", hint="Sign in: az login")


def _retry_after_s(value: str) -> float:
    try:
        return max(0.0, float(value))
    except ValueError:
        return 0.0


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
