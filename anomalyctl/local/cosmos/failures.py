"""Every refusal as Cosmos words it: a status, a sub-status, a code and a message."""

from __future__ import annotations

import orjson


class CosmosFailure(Exception):
    """A refusal on its way to the wire; a `substatus` of 0 is none, `details` go into the body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        substatus: int = 0,
        retry_after_ms: int | None = None,
        details: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.substatus = substatus
        self.retry_after_ms = retry_after_ms
        self._details = details or {}

    def body(self, activity_id: str) -> bytes:
        """The JSON that SDKs show to their users."""
        message = f"{self.message}\r\nActivityId: {activity_id}"
        return orjson.dumps({"code": self.code, "message": message, **self._details})


def bad_request(message: str, *, substatus: int = 0) -> CosmosFailure:
    """400: the request itself is wrong."""
    return CosmosFailure(400, "BadRequest", message, substatus=substatus)


def not_found(
    message: str = "Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found",
) -> CosmosFailure:
    """404: no such database, container or item."""
    return CosmosFailure(404, "NotFound", message)


def owner_not_found() -> CosmosFailure:
    """404, sub-status 1003: the container of the item does not exist."""
    return CosmosFailure(404, "NotFound", "Owner resource does not exist.", substatus=1003)


def conflict(message: str = "Resource with specified id or name already exists.") -> CosmosFailure:
    """409: the id is taken."""
    return CosmosFailure(409, "Conflict", message)


def precondition_failed(message: str = "One of the specified pre-condition is not met.") -> CosmosFailure:
    """412: another etag, or a patch's condition that is not true."""
    return CosmosFailure(412, "PreconditionFailed", message)


def too_large(message: str = "Request size is too large: an item may have 2 MB.") -> CosmosFailure:
    """413: more than 2 MB."""
    return CosmosFailure(413, "RequestEntityTooLarge", message)


def throttled(retry_after_ms: int) -> CosmosFailure:
    """429, sub-status 3200: more request units than were allowed."""
    message = "Request rate is large. More Request Units may be needed, so no changes were made."
    return CosmosFailure(429, "TooManyRequests", message, substatus=3200, retry_after_ms=retry_after_ms)


def unavailable(message: str, *, retry_after_ms: int | None = None) -> CosmosFailure:
    """503: this endpoint cannot keep what it is given; nothing was changed."""
    return CosmosFailure(503, "ServiceUnavailable", message, retry_after_ms=retry_after_ms)
