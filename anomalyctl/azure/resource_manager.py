"""Azure Resource Manager: what is there, and making what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.resource.resources import ResourceManagementClient

from anomalyctl.azure.cloud import Cloud
from anomalyctl.azure.failures import azure_errors
from anomalyctl.errors import TimedOut
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import RESOURCE_MANAGER, Policy
from anomalyctl.resilience.settings import in_force

T = TypeVar("T")
Document = dict[str, Any]
_POLL_S = 5
_LONGEST_WAIT_S = 600
_CONNECTIONS = 32


class ResourceManager:
    """Asks Resource Manager through azure-mgmt-resource; failures are retried by one policy of ours.

    Paths begin with a slash, as ids of resources do. Every method raises SignInFailed, NotAllowed, Transient,
    Unreachable, TimedOut and AzureRefused. One object serves many threads.
    """

    def __init__(
        self,
        cloud: Cloud,
        credential: TokenCredential,
        subscription_id: str,
        *,
        policy: Policy = RESOURCE_MANAGER,
        sleep: Callable[[float], None] = time.sleep,
        correlation_id: str = "",
    ) -> None:
        self.subscription_id = subscription_id
        self._sleep = sleep
        policy = in_force(policy)
        self._guard = Guard(policy, sleep=sleep)
        self._headers = {"x-ms-correlation-request-id": correlation_id} if correlation_id else {}
        verify = {"connection_verify": cloud.ca_bundle} if cloud.ca_bundle else {}
        self._client = ResourceManagementClient(
            credential,
            subscription_id,
            base_url=cloud.resource_manager,
            credential_scopes=[f"{cloud.audience}/.default"],
            transport=_Transport(sleep, **verify),
            # Retrying is the guard's; two layers would multiply.
            retry_total=0,
            connection_timeout=policy.timeout_s,
            read_timeout=policy.timeout_s,
            polling_interval=_POLL_S,
            user_agent="anomalyctl",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, api_version: str, **query: str) -> Document | None:
        """The document at a path, or None where there is none."""
        response = self._send("GET", path, api_version, query, allowed=(404,))
        return None if response.status_code == 404 else cast(Document, response.json())

    def exists(self, path: str, api_version: str) -> bool:
        """Whether something is at a path that answers HEAD."""
        return self._send("HEAD", path, api_version, {}, allowed=(404,)).status_code < 300

    def list(self, path: str, api_version: str, **query: str) -> list[Document]:
        """All documents of a collection, page after page; none where the collection does not exist."""
        found: list[Document] = []
        page = self.get(path, api_version, **query)
        while page is not None:
            found += page.get("value", [])
            following = page.get("nextLink")
            if not following:
                break
            page = cast(Document, self._request(HttpRequest("GET", following), "listing", ()).json())
        return found

    def post(self, path: str, api_version: str, body: Mapping[str, Any]) -> Document:
        """The answer to a question that needs a body, such as whether a name is free; it may be empty."""
        response = self._send("POST", path, api_version, {}, body=body)
        return cast(Document, response.json()) if response.content else {}

    def act(self, path: str, api_version: str, body: Mapping[str, Any] | None = None) -> Document:
        """Have something done that may answer nothing: {} then."""
        response = self._send("POST", path, api_version, {}, body=body)
        return cast(Document, response.json()) if response.text().strip() else {}

    def merge(self, path: str, api_version: str, body: Mapping[str, Any]) -> Document:
        """PATCH exactly this body where Azure answers at once, as for tags."""
        return cast(Document, self._send("PATCH", path, api_version, {}, body=body).json())

    def put(self, resource_id: str, api_version: str, body: Document) -> Document:
        """Make or replace a resource, and wait until Azure has finished."""

        def create() -> Document:
            with azure_errors(f"writing {_short(resource_id)}"):
                poller = self._client.resources.begin_create_or_update_by_id(
                    resource_id, body, api_version=api_version, headers=dict(self._headers)
                )
                return poller.result().as_dict()

        return self._guard.call(create)

    def patch(self, resource_id: str, api_version: str, body: Document) -> Document:
        """Change the named properties of a resource, and wait until Azure has finished."""

        def update() -> Document:
            with azure_errors(f"changing {_short(resource_id)}"):
                poller = self._client.resources.begin_update_by_id(
                    resource_id, body, api_version=api_version, headers=dict(self._headers)
                )
                return poller.result().as_dict()

        return self._guard.call(update)

    def begin(self, resource_id: str, api_version: str, body: Mapping[str, Any]) -> None:
        """PUT a resource whose making takes hours, and leave it to the caller to look how it is."""
        self._send("PUT", resource_id, api_version, {}, body=body)

    def delete(self, resource_id: str, api_version: str) -> None:
        """Delete a resource, and wait until it is gone; one that is gone already is no failure."""

        def remove() -> None:
            with azure_errors(f"deleting {_short(resource_id)}"):
                self._client.resources.begin_delete_by_id(
                    resource_id, api_version=api_version, headers=dict(self._headers)
                ).result()

        if self.get(resource_id, api_version) is not None:
            self._guard.call(remove)

    def wait_until(self, reached: Callable[[], bool], failure: str) -> None:
        """Ask again and again, for ten minutes at most; then raise TimedOut with the sentence `failure`."""
        for _ in range(_LONGEST_WAIT_S // _POLL_S):
            if reached():
                return
            self._sleep(_POLL_S)
        raise TimedOut(failure, hint="It may still come. Run the same command again in a few minutes.")

    def _send(
        self,
        method: str,
        path: str,
        api_version: str,
        query: Mapping[str, str],
        *,
        body: Mapping[str, Any] | None = None,
        allowed: tuple[int, ...] = (),
    ) -> HttpResponse:
        address = f"{{endpoint}}{path}"
        parameters = {
            "api-version": api_version,
            **{name.replace("_", "$", 1): query[name] for name in query},
        }
        document = None if body is None else dict(body)
        request = HttpRequest(method, address, params=parameters, headers=self._headers, json=document)
        return self._request(request, f"asking about {_short(path)}", allowed)

    def _request(self, request: HttpRequest, what: str, allowed: tuple[int, ...]) -> HttpResponse:
        def ask() -> HttpResponse:
            with azure_errors(what):
                response = self._client.send_request(request)
                if response.status_code not in allowed:
                    response.raise_for_status()
                return response

        return self._guard.call(ask)


class _Transport(RequestsTransport):  # type: ignore[misc]
    """Waits with the sleep that it was given, and keeps a connection for each of the doctor's checks."""

    def __init__(self, sleep: Callable[[float], None], **options: Any) -> None:
        import requests
        from requests.adapters import HTTPAdapter

        session = requests.Session()
        session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
        # An owned session would get azure-core's own adapter, with ten connections.
        super().__init__(session=session, session_owner=False, **options)
        self._kept_session = session
        self._wait = sleep

    def close(self) -> None:
        super().close()
        self._kept_session.close()

    def sleep(self, duration: float) -> None:
        self._wait(duration)


def _short(path: str) -> str:
    """The last two segments: an id's front says nothing that the sentence does not."""
    return "/".join(path.strip("/").split("/")[-2:])
