"""Errors as problem+json (RFC 9457), with the field that is at fault."""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from anomalyctl.errors import AnomalyctlError, InvalidInput, SignInFailed, Transient
from anomalyctl.observability.bound import about, bind
from anomalyctl.resilience.rate_limit import retry_after

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is answered with a status of its own."""

    def __init__(self, status: HTTPStatus, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.field = status, detail, field


class TooMany(Exception):
    """A request beyond the bound on their rate."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many requests")
        self.wait_s = wait_s


def problem(
    status: int, detail: str, *, field: str = "", code: str = "", headers: dict[str, str] | None = None
) -> Response:
    """The answer; `type` is about:blank or our stable code as a URN."""
    body = {
        "type": f"urn:anomalyctl:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **({"field": field} if field else {}),
    }
    return Response(orjson.dumps(body), status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Answer every failure of `app` with a problem."""

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101 - registered for this class alone
        headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None
        return problem(error.status, error.detail, field=error.field, headers=headers)

    async def too_many(_: Request, error: Exception) -> Response:
        assert isinstance(error, TooMany)  # noqa: S101 - registered for this class alone
        headers = {"Retry-After": retry_after(error.wait_s)}
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "This replica is asked too often.", headers=headers)

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, AnomalyctlError)  # noqa: S101 - registered for this class alone
        status = _status(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            with bind(**about(error)):
                logger.warning("%s", error.message, extra={"code": error.code})
        field = error.field if isinstance(error, InvalidInput) else ""
        headers = {"Retry-After": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
        return problem(status, error.message, field=field, code=error.code, headers=headers)

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    async def bug(_: Request, error: Exception) -> Response:
        with bind(**about(error)):
            logger.error("a request failed", exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The detectors failed; their log says why.")

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(TooMany, too_many)
    app.add_exception_handler(AnomalyctlError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, bug)


def _status(error: AnomalyctlError) -> HTTPStatus:
    if isinstance(error, InvalidInput):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    # Not being let into Redis is the service's trouble, not the caller's.
    if isinstance(error, Transient | SignInFailed):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR
