"""The blobs of the stand-in: what a probe of access and a look at a lease ask, and nothing else."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import Response

from tests.support.azure_stand_in.entra import STORAGE_AUDIENCE, claims_of
from tests.support.azure_stand_in.paper import Paper

_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


async def answer(paper: Paper, request: Request) -> Response:
    """Answer a request to /blobs/<account>/<container>[/<blob>]."""
    _, _, account, container, *rest = request.url.path.split("/")
    blob = "/".join(rest)
    claims = claims_of(request.headers.get("authorization", "").removeprefix("Bearer "))
    if claims.get("aud") != STORAGE_AUDIENCE or claims.get("exp", 0) < time.time():
        return _error(401, "InvalidAuthenticationInfo")
    if "x-ms-version" not in request.headers:
        return _error(400, "MissingRequiredHeader")
    paper.requests.append((f"BLOB {request.method}", request.url.path, dict(request.query_params)))
    for trouble in paper.troubles:
        if trouble.strikes(f"BLOB {request.method}", request.url.path):
            return _error(trouble.status, trouble.code, trouble.headers)
    scope = next((key for key in paper.resources if key.endswith(f"/storageaccounts/{account}")), None)
    if scope is None:
        return _error(404, "ResourceNotFound")
    if not _may(paper, scope, container, str(claims["oid"])):
        return _error(403, "AuthorizationPermissionMismatch")
    if paper.probes_before_role:
        paper.probes_before_role -= 1
        return _error(403, "AuthorizationPermissionMismatch")
    if f"{scope}/blobservices/default/containers/{container}" not in paper.resources:
        return _error(404, "ContainerNotFound")
    return _of_container(paper, request, f"{account}/{container}/{blob}", blob)


def _of_container(paper: Paper, request: Request, key: str, blob: str) -> Response:
    action = request.headers.get("x-ms-lease-action")
    if not blob and request.query_params.get("comp") == "list" and request.method == "GET":
        return Response("<EnumerationResults/>", media_type="application/xml")
    if key not in paper.blobs:
        return _error(404, "BlobNotFound")
    if request.method == "HEAD":
        return Response(headers=paper.blobs[key])
    if request.method == "PUT" and request.query_params.get("comp") == "lease" and action == "break":
        paper.blobs[key]["x-ms-lease-state"] = "broken"
        return Response(status_code=202, headers={"x-ms-lease-time": "0"})
    return _error(400, "UnsupportedOperation")


def _may(paper: Paper, scope: str, container: str, principal: str) -> bool:
    target = f"{scope}/blobservices/default/containers/{container}"
    marker = "/providers/microsoft.authorization/roleassignments/"
    return any(
        marker in key
        and target.startswith(key.split(marker)[0])
        and document["properties"]["principalId"] == principal
        and document["properties"]["roleDefinitionId"].endswith(_CONTRIBUTOR)
        for key, document in paper.resources.items()
    )


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(
        body,
        status_code=status,
        media_type="application/xml",
        headers={"x-ms-error-code": code, **(headers or {})},
    )
