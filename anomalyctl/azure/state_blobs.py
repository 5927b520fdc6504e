"""The blobs that hold Terraform states: whether we may read and write them, and who holds a lock."""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.pipeline import policies
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse

from anomalyctl.azure.backend import StateAccount
from anomalyctl.azure.cloud import Cloud
from anomalyctl.azure.failures import azure_errors, error_of
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import STATE_BLOBS, Policy
from anomalyctl.resilience.settings import in_force

SCOPE: Final = "https://storage.azure.com/.default"
"""The same in every cloud."""
_VERSION: Final = "2021-12-02"
_PROBE: Final = "anomalyctl-access-probe"
_LOCK_METADATA: Final = "x-ms-meta-terraformlockid"


@dataclass(frozen=True, slots=True)
class StateLock:
    """A held lease on a state's blob. Without an id, Terraform died before it wrote who it is."""

    id: str
    who: str
    operation: str
    created: datetime | None
    lease: str
    """The state that Azure tells: leased, breaking, broken, available."""


class StateBlobs:
    """The container of an account, signed in with Entra. One object serves many threads.

    Methods raise SignInFailed, NotAllowed, Transient, Unreachable, TimedOut and AzureRefused.
    """

    def __init__(
        self,
        cloud: Cloud,
        credential: TokenCredential,
        account: StateAccount,
        *,
        policy: Policy = STATE_BLOBS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account = account
        self._container = f"{cloud.blob_endpoint(account.name)}/{account.container}"
        policy = in_force(policy)
        self._guard = Guard(policy, sleep=sleep)
        transport: Any = RequestsTransport(
            connection_timeout=policy.timeout_s,
            read_timeout=policy.timeout_s,
            **({"connection_verify": cloud.ca_bundle} if cloud.ca_bundle else {}),
        )
        self._client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(
            self._container,
            transport=transport,
            policies=[
                policies.HeadersPolicy({"x-ms-version": _VERSION}),
                policies.UserAgentPolicy("anomalyctl"),
                policies.ProxyPolicy(),
                policies.BearerTokenCredentialPolicy(credential, SCOPE),
            ],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def check_reading(self) -> None:
        """Return where blobs may be read; raise otherwise."""
        self._ask("GET", "", {"restype": "container", "comp": "list", "maxresults": "1"}, "reading the state")

    def check_writing(self) -> None:
        """Return where blobs may be written; raise otherwise. Nothing is written.

        A lease on a blob that does not exist is refused for its absence only after the role was looked at.
        """
        headers = {
            "x-ms-lease-action": "acquire",
            "x-ms-lease-duration": "15",
            "x-ms-proposed-lease-id": str(uuid.uuid4()),
        }
        response = self._ask("PUT", f"/{_PROBE}", {"comp": "lease"}, "writing the state", headers, (404,))
        if response.status_code == 404 and error_of_blob(response) == "ContainerNotFound":
            with azure_errors("writing the state"):
                response.raise_for_status()

    def lock_of(self, workspace: str) -> StateLock | None:
        """Who holds the workspace's state, or None where nobody does or there is no state yet."""
        blob = self._account.blob_of(workspace)
        response = self._ask("HEAD", f"/{_quoted(blob)}", {}, "looking at the state's lock", allowed=(404,))
        headers = response.headers
        lease = headers.get("x-ms-lease-state", "available")
        if response.status_code == 404 or lease not in {"leased", "breaking"}:
            return None
        told = _lock_told(headers.get(_LOCK_METADATA, ""))
        return StateLock(
            id=str(told.get("ID", "")),
            who=str(told.get("Who", "")),
            operation=str(told.get("Operation", "")),
            created=_time(told.get("Created")),
            lease=lease,
        )

    def mark_of(self, workspace: str) -> str:
        """What changes whenever the workspace's state is written; "" where there is no state."""
        blob = self._account.blob_of(workspace)
        response = self._ask("HEAD", f"/{_quoted(blob)}", {}, "looking at the state", allowed=(404,))
        return "" if response.status_code == 404 else str(response.headers.get("ETag", ""))

    def break_lease(self, workspace: str) -> None:
        """Break the lease of a workspace's state: the way out where its metadata names no lock any more."""
        headers = {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0"}
        blob = self._account.blob_of(workspace)
        self._ask("PUT", f"/{_quoted(blob)}", {"comp": "lease"}, "breaking the state's lease", headers)

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        what: str,
        headers: dict[str, str] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> HttpResponse:
        def ask() -> HttpResponse:
            request = HttpRequest(method, f"{self._container}{path}", params=query, headers=headers)
            with azure_errors(what):
                response: HttpResponse = self._client.send_request(request)
                if response.status_code not in allowed:
                    response.raise_for_status()
                return response

        return self._guard.call(ask)


def error_of_blob(response: HttpResponse) -> str:
    """Storage's own word for the reason."""
    return error_of(response)[0]


def _quoted(blob: str) -> str:
    from urllib.parse import quote

    return quote(blob, safe="/")


def _lock_told(metadata: str) -> dict[str, Any]:
    try:
        told = json.loads(base64.b64decode(metadata))
    except (ValueError, binascii.Error):
        return {}
    return told if isinstance(told, dict) else {}


def _time(value: Any) -> datetime | None:
    """Go writes nanoseconds, which Python's reader takes since 3.11 with six digits at most."""
    import re

    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value)))
    except ValueError:
        return None
