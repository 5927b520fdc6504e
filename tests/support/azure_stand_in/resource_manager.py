"""Resource Manager of the stand-in: keeps what is put, makes callers poll, throttles, refuses on demand."""

from __future__ import annotations

import copy
import json
import re
import time
import uuid
from typing import Any

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.support.azure_stand_in.entra import TENANT, claims_of
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Document, Paper
from tests.support.azure_stand_in.rules import ACCOUNT, GROUP, SUBSCRIPTION, kind_at


class ResourceManagerStandIn:
    """Answers for https://management.azure.com."""

    def __init__(self, paper: Paper, address: str) -> None:
        self.paper = paper
        self._address = address

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        self.paper.at_once += 1
        self.paper.most_at_once = max(self.paper.most_at_once, self.paper.at_once)
        try:
            await anyio.sleep(self.paper.delay_s)
            self.paper.before()
            return await self._answer(request)
        finally:
            self.paper.at_once -= 1

    async def _answer(self, request: Request) -> Response:
        path = request.url.path.rstrip("/")
        body = json.loads(await request.body() or b"null")
        claims = claims_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if claims.get("aud") != self.paper.audience or claims.get("exp", 0) < time.time():
            return _error(
                401, "InvalidAuthenticationToken", "The access token is missing, expired or for others."
            )
        if claims.get("tid") != TENANT:
            return _error(
                401, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer."
            )
        self.paper.requests.append((request.method, path, body))
        if not path.startswith("/operations/"):
            self.paper.correlation_ids.add(request.headers.get("x-ms-correlation-request-id", ""))
        for trouble in self.paper.troubles:
            if trouble.strikes(request.method, path):
                return _error(trouble.status, trouble.code, trouble.message, trouble.headers)
        for pattern in self.paper.denied:
            if re.fullmatch(pattern, f"{request.method} {path}", re.IGNORECASE):
                return _error(
                    403, "AuthorizationFailed", f"The client '{claims['oid']}' has no authorization."
                )
        version = request.query_params.get("api-version")
        if not version:
            return _error(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        if path.startswith("/operations/"):
            return self._poll(path)
        subscription = re.match(SUBSCRIPTION, path)
        if subscription and not path.lower().startswith(f"/subscriptions/{SUBSCRIPTION_ID}"):
            return _error(
                404, "SubscriptionNotFound", f"The subscription '{path.split('/')[2]}' could not be found."
            )
        answer = await self._dispatch(request.method, path, version, body, dict(request.query_params), claims)
        for pattern, happen in list(self.paper.hooks):
            if re.fullmatch(pattern, f"{request.method} {path}", re.IGNORECASE):
                happen()
        return answer

    async def _dispatch(
        self, method: str, path: str, version: str, body: Any, query: dict[str, str], claims: Document
    ) -> Response:
        if method == "POST":
            return self._question(path, version, body)
        listed = self._listing(path, version, query) if method == "GET" else None
        if listed is not None:
            return listed
        name = re.fullmatch(r"/providers/Microsoft\.DocumentDB/databaseAccountNames/([a-z0-9-]{3,44})", path)
        if name and method == "HEAD" and version == "2024-05-15":
            return Response(status_code=200 if name.group(1) in self.paper.taken_names else 404)
        kind = kind_at(path)
        if kind is None:
            return _error(404, "InvalidResourceType", f"The stand-in was not told of {method} {path}.")
        if version not in kind.api_versions:
            return _error(
                400, "NoRegisteredProviderFound", f"No registered provider found for version {version}."
            )
        if method in ("GET", "HEAD"):
            kept = self.paper.resources.get(path.lower())
            return JSONResponse(kept) if kept else self._absent(path)
        if method == "PUT":
            return await self._put(path, kind, body, claims)
        if method == "PATCH":
            return self._patch(path, kind, body)
        return _error(405, "MethodNotAllowed", f"The stand-in was not told of {method}.")

    async def _put(self, path: str, kind: Any, body: Any, claims: Document) -> Response:
        if not isinstance(body, dict) or (refusal := kind.refusal(body)):
            return _error(400, "InvalidRequestContent", refusal if isinstance(body, dict) else "No body.")
        if (parent := self._missing_parent(path)) is not None:
            return parent
        existing = self.paper.resources.get(path.lower())
        if re.fullmatch(ACCOUNT, path, re.IGNORECASE):
            name = path.split("/")[-1]
            if "Microsoft.Storage" in self.paper.unregistered:
                message = "The subscription is not registered to use namespace 'Microsoft.Storage'"
                return _error(409, "MissingSubscriptionRegistration", message)
            if existing is None and name in self.paper.taken_names:
                return _error(
                    409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
                )
        if "/roleAssignments/" in path and existing is None and self._same_assignment(path, body):
            return _error(409, "RoleAssignmentExists", "The role assignment already exists.")
        document = {"id": path, "name": path.split("/")[-1], **copy.deepcopy(body)}
        document.setdefault("properties", {}).update({"provisioningState": "Succeeded"})
        await to_thread.run_sync(self.paper.put, path)
        if kind.slow and existing is None and self.paper.polls:
            operation = f"/operations/{uuid.uuid4()}"
            self.paper.pending[operation] = (self.paper.polls, path)
            self.paper.resources[path.lower()] = document
            location = f"{self._address}{operation}?api-version=2024-01-01"
            return Response(status_code=202, headers={"Location": location, "Retry-After": "17"})
        self.paper.resources[path.lower()] = document
        return JSONResponse(document, status_code=200 if existing else 201)

    def _patch(self, path: str, kind: Any, body: Any) -> Response:
        existing = self.paper.resources.get(path.lower())
        if existing is None:
            return self._absent(path)
        merged = _merge(existing, body)
        if refusal := kind.refusal(merged):
            return _error(400, "InvalidRequestContent", refusal)
        self.paper.resources[path.lower()] = merged
        if kind.slow_change and self.paper.polls:
            operation = f"/operations/{uuid.uuid4()}"
            self.paper.pending[operation] = (self.paper.polls, path)
            location = f"{self._address}{operation}?api-version=2024-01-01"
            return Response(status_code=202, headers={"Location": location, "Retry-After": "17"})
        return JSONResponse(merged)

    def _poll(self, operation: str) -> Response:
        left, path = self.paper.pending.get(operation, (0, ""))
        if not path:
            return _error(404, "OperationNotFound", "There is no such operation.")
        if left > 1:
            self.paper.pending[operation] = (left - 1, path)
            return Response(
                status_code=202,
                headers={
                    "Location": f"{self._address}{operation}?api-version=2024-01-01",
                    "Retry-After": "17",
                },
            )
        return JSONResponse(self.paper.resources[path.lower()])

    def _question(self, path: str, version: str, body: Any) -> Response:
        registering = re.fullmatch(SUBSCRIPTION + r"/providers/([\w.]+)/register", path)
        if registering:
            self.paper.unregistered.discard(registering.group(1))
            return JSONResponse({"namespace": registering.group(1), "registrationState": "Registered"})
        if path.lower().endswith("/providers/microsoft.storage/checknameavailability"):
            if version != "2024-01-01" or body.get("type") != "Microsoft.Storage/storageAccounts":
                return _error(400, "InvalidRequestContent", "Name the type and a known API version.")
            return JSONResponse(self._availability(str(body.get("name", ""))))
        known = self.paper.questions.get(path.lower())
        if known is None:
            return _error(404, "InvalidResourceType", f"The stand-in was not told of POST {path}.")
        if version != known[0]:
            return _error(
                400, "NoRegisteredProviderFound", f"No registered provider found for version {version}."
            )
        return JSONResponse(known[1](body))

    def _availability(self, name: str) -> Document:
        ours = any(key.endswith(f"/storageaccounts/{name}") for key in self.paper.resources)
        if ours or name in self.paper.taken_names:
            reason = self.paper.taken_names.get(name, "AlreadyExists")
            return {"nameAvailable": False, "reason": reason, "message": f"The name {name} is already taken."}
        return {"nameAvailable": True}

    def _listing(self, path: str, version: str, query: dict[str, str]) -> Response | None:
        lower = path.lower()
        if lower == f"/subscriptions/{SUBSCRIPTION_ID}":
            known = {"subscriptionId": SUBSCRIPTION_ID, "displayName": "Wells", "tenantId": TENANT}
            return JSONResponse(known | {"state": self.paper.subscription_state})
        provider = re.fullmatch(SUBSCRIPTION + r"/providers/([\w.]+)", path)
        if provider:
            state = "NotRegistered" if provider.group(1) in self.paper.unregistered else "Registered"
            return JSONResponse({"namespace": provider.group(1), "registrationState": state})
        if match := re.fullmatch(r"(.+)/providers/microsoft\.authorization/(roleassignments|locks)", lower):
            return self._attached(match.group(1), match.group(2), query.get("$filter", ""))
        if lower not in self.paper.collections:
            return None
        wanted, documents = self.paper.collections[lower]
        if version != wanted:
            return _error(
                400, "NoRegisteredProviderFound", f"No registered provider found for version {version}."
            )
        return self._page(path, version, documents, int(query.get("$skiptoken", "0")))

    def _page(self, path: str, version: str, documents: list[Document], start: int) -> Response:
        """Two at a time, so that whoever reads only the first page is found out."""
        page: Document = {"value": documents[start : start + 2]}
        if start + 2 < len(documents):
            page["nextLink"] = f"{self._address}{path}?api-version={version}&$skiptoken={start + 2}"
        return JSONResponse(page)

    def _attached(self, scope: str, what: str, condition: str) -> Response:
        marker = f"/providers/microsoft.authorization/{what}/"
        found = [
            document
            for key, document in self.paper.resources.items()
            if marker in key
            # Locks are listed with those of everything below; assignments here are not.
            and (scope.startswith(key.split(marker)[0]) or (what == "locks" and key.startswith(scope + "/")))
        ]
        if match := re.fullmatch(r"assignedTo\('([^']+)'\)", condition):
            found = [
                document for document in found if document["properties"]["principalId"] == match.group(1)
            ]
        elif condition and condition != "atScope()":
            return _error(400, "UnsupportedFilter", f"The filter {condition} is not supported.")
        return JSONResponse({"value": found})

    def _same_assignment(self, path: str, body: Document) -> bool:
        scope = path.lower().split("/providers/microsoft.authorization/")[0]
        marker = f"{scope}/providers/microsoft.authorization/roleassignments/"
        wanted = tuple(body["properties"][name].lower() for name in ("roleDefinitionId", "principalId"))
        return any(
            tuple(document["properties"][name].lower() for name in ("roleDefinitionId", "principalId"))
            == wanted
            for key, document in self.paper.resources.items()
            if key.startswith(marker)
        )

    def _missing_parent(self, path: str) -> Response | None:
        """Azure looks for the resource group, the account and the scope before it looks at the body."""
        for pattern in (GROUP, ACCOUNT):
            match = re.match(pattern + r"(?=/)", path, re.IGNORECASE)
            if match and match.group().lower() not in self.paper.resources:
                return self._absent(match.group())
        return None

    def _absent(self, path: str) -> Response:
        group = re.match(GROUP, path, re.IGNORECASE)
        if group and group.group().lower() not in self.paper.resources:
            name = group.group().split("/")[-1]
            return _error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
        return _error(404, "ResourceNotFound", f"The resource '{path}' was not found.")


def _merge(old: Document, new: Document) -> Document:
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    challenge = {"WWW-Authenticate": 'Bearer authorization_uri="https://login"'} if status == 401 else {}
    return JSONResponse(
        {"error": {"code": code, "message": message}}, status_code=status, headers=challenge | (headers or {})
    )
