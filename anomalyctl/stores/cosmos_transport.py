"""How the Cosmos SDK sends: each request once. Some it would repeat, whatever its options say."""

from __future__ import annotations

from typing import Any, Final

from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import HttpResponse, RequestsTransport

_MARK: Final = "_first_outcome"


class AskedAgain(AzureError):
    """The SDK was about to repeat a request that had failed. `first` is what came of the only try.

    It is of none of the kinds that the SDK catches, so that it ends the SDK's call.
    """

    def __init__(self, first: HttpResponse | AzureError) -> None:
        super().__init__("the SDK's own retries are off")
        self.first = first


class OnceTransport(RequestsTransport):  # type: ignore[misc] # the SDK tells its type to nobody
    """Sends each request once, and raises `AskedAgain` where the same one comes a second time.

    The same: one object with unchanged headers. What the SDK does between two tries still happens, such as
    marking a region as away, so that our next try goes to the next region; and a request that it has changed,
    by another token or a container's new id, is a request of its own.
    """

    def send(self, request: Any, **options: Any) -> Any:
        """The answer to a request. Raises what `RequestsTransport` does, and AskedAgain."""
        # On the request itself: what came of it knows it, so that no table of ours could ever forget it.
        headers, first = getattr(request, _MARK, (None, None))
        if first is not None and headers == dict(request.headers):
            raise AskedAgain(first)
        headers = dict(request.headers)
        try:
            response = super().send(request, **options)
        except AzureError as error:
            setattr(request, _MARK, (headers, error))
            raise
        if response.status_code >= 400:
            setattr(request, _MARK, (headers, response))
        return response
