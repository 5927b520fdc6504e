"""What answers beside the stores of an environment of Azure: vault, logs, metrics, host, dashboard, Entra."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from anomalyctl.azure.container_apps import CONTAINER_APPS_API
from anomalyctl.azure.cosmos_accounts import COSMOS_API
from anomalyctl.azure.web_apps import SITES_API
from tests.support.azure_stand_in import entra
from tests.support.azure_state import FUNCTION_APP, GROUP
from tests.support.kql import Refused, Workspace

APP = f"{GROUP}/providers/Microsoft.App/containerApps/ca-detectors-dev"
ACCOUNTS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts"
LATEST = {"latestRevision": True, "weight": 100}
WORKSPACE = "99999999-9999-4999-8999-999999999999"


@dataclass
class Surface:
    """What answers beside the stores. Tests write into it, and read what was asked."""

    address: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    vault_error: tuple[int, str, str] | None = None
    """Status, code and message instead of a secret."""
    metrics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Points by metric."""
    tables: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What queries answer: a word of the query, and the table; the first that fits."""
    kept: Workspace = field(default_factory=lambda: Workspace(whole=True))
    """The workspace itself: what no table above fits is run over its rows, and refused as Kusto refuses."""
    partial: dict[str, Any] = field(default_factory=dict)
    """An error beside rows: not all could be read."""
    queries: list[dict[str, Any]] = field(default_factory=list)
    metric_requests: list[dict[str, str]] = field(default_factory=list)
    dashboard: tuple[int, dict[str, Any]] = (200, {"status": "ok"})
    functions: tuple[int, str] = (200, "")
    """What the page of the functions' host answers."""
    host: dict[str, Any] = field(default_factory=lambda: {"state": "Running", "functions": ["clean_up"]})
    """What Resource Manager tells of it; empty: this identity may not ask."""
    app: dict[str, Any] = field(default_factory=lambda: app_document(LATEST))
    """The detectors' app, as Resource Manager tells it; empty: this identity may not ask."""
    accounts: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "cosno-dev"}])
    """The accounts of Cosmos DB in the group."""
    model: tuple[int, str] = (200, "A quiet day.")
    """What the language model answers, and what it writes."""
    model_asked: list[dict[str, Any]] = field(default_factory=list)
    refuse_logs: bool = False
    logs_status: int = 200
    metrics_pause_s: float = 0.0
    """Before Azure Monitor answers; 0 ends a pause that goes on."""
    metrics_waiting: int = 0
    """How often it was asked, answered or not."""
    logs_pause_s: float = 0.0
    """Before Log Analytics answers."""
    logs_answer: Response | None = None
    """What answers instead of Log Analytics: a proxy, say."""

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        signed_in = await entra.answer(request, self.address)
        if signed_in is not None:
            return signed_in
        path = request.url.path
        if path.startswith("/vault/secrets/"):
            return self._secret(request, path.rsplit("/", 1)[1])
        if path.startswith("/v1/workspaces/"):
            await asyncio.sleep(self.logs_pause_s)
            return self._query(request, await request.body())
        if path == "/openai/v1/chat/completions":
            return self._model(request, await request.body())
        if path.endswith("/providers/Microsoft.Insights/metrics"):
            self.metrics_waiting += 1
            thinks_until = time.monotonic() + self.metrics_pause_s
            while self.metrics_pause_s and time.monotonic() < thinks_until:
                await asyncio.sleep(0.05)
            return self._metric(request)
        if path in (APP, ACCOUNTS):
            return self._managed(request, self.app if path == APP else {"value": self.accounts})
        if path.startswith(FUNCTION_APP):
            return self._site(request)
        if path == "/dashboard/api/health":
            return JSONResponse(self.dashboard[1], self.dashboard[0])
        if path == "/functions":
            return PlainTextResponse(self.functions[1], self.functions[0])
        return _error(404, "NotFound", f"{request.method} {path}")

    def _secret(self, request: Request, name: str) -> Response:
        if not _token_counts(request, "https://vault.azure.net"):
            return _error(401, "Unauthorized", "AKV10032: Invalid issuer.")
        if request.query_params.get("api-version") != "7.4":
            return _error(400, "BadParameter", "The api-version is missing.")
        if self.vault_error:
            return _error(*self.vault_error)
        if name not in self.secrets:
            return _error(404, "SecretNotFound", f"A secret with (name/id) {name} was not found.")
        return JSONResponse({"value": self.secrets[name], "id": str(request.url)})

    def _query(self, request: Request, body: bytes) -> Response:
        if not _token_counts(request, "https://api.loganalytics.io"):
            return _error(401, "InvalidTokenError", "The token is not for this service.")
        if self.refuse_logs:
            return _error(403, "InsufficientAccessError", "The provided credentials have insufficient access")
        if self.logs_answer is not None:
            return self.logs_answer
        if self.logs_status != 200:
            return _error(self.logs_status, "ServiceUnavailable", "Try again.")
        document = json.loads(body)
        if request.url.path != f"/v1/workspaces/{WORKSPACE}/query" or not set(document) <= {
            "query",
            "timespan",
        }:
            return _error(400, "BadArgumentError", "The request had some invalid properties")
        self.queries.append(document)
        try:
            answer = self.kept.run(document["query"], document["timespan"]).document()
        except Refused as error:
            return JSONResponse(error.document(), 400)
        table = next((table for word, table in self.tables if word in document["query"]), answer)
        return JSONResponse({"tables": [table], **({"error": self.partial} if self.partial else {})})

    def _model(self, request: Request, body: bytes) -> Response:
        if not _token_counts(request, "https://cognitiveservices.azure.com"):
            return _error(401, "PermissionDenied", "The principal lacks the required data action.")
        self.model_asked.append(json.loads(body))
        status, written = self.model
        if status != 200:
            return _error(status, "PermissionDenied", written)
        message = {"role": "assistant", "content": json.dumps({"summary": written})}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return JSONResponse(
            {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        )

    def _site(self, request: Request) -> Response:
        if not _token_counts(request, self.address) or request.query_params.get("api-version") != SITES_API:
            return _error(401, "InvalidAuthenticationToken", "The access token is for others.")
        if not self.host:
            return _error(403, "AuthorizationFailed", "The client has no authorization.")
        if request.url.path == f"{FUNCTION_APP}/functions":
            return JSONResponse({"value": [{"name": f"func/{name}"} for name in self.host["functions"]]})
        if request.url.path == f"{FUNCTION_APP}/hostruntime/admin/host/status":
            return JSONResponse({"state": self.host["state"], "errors": self.host.get("errors", [])})
        return _error(404, "NotFound", request.url.path)

    def _managed(self, request: Request, document: dict[str, Any]) -> Response:
        if not _token_counts(request, self.address):
            return _error(401, "InvalidAuthenticationToken", "The access token is for others.")
        version = CONTAINER_APPS_API if request.url.path == APP else COSMOS_API
        if request.query_params.get("api-version") != version:
            return _error(400, "NoRegisteredProviderFound", "The api-version is not known.")
        if not document:
            return _error(403, "AuthorizationFailed", "The client has no authorization.")
        return JSONResponse(document)

    def _metric(self, request: Request) -> Response:
        if not _token_counts(request, self.address):
            return _error(401, "InvalidAuthenticationToken", "The access token is for others.")
        query = dict(request.query_params)
        if query.get("api-version") != "2023-10-01":
            return _error(400, "NoRegisteredProviderFound", "The api-version is not known.")
        self.metric_requests.append({"path": request.url.path, **query})
        points = self.metrics.get(query["metricnames"])
        if points is None:
            return _error(
                400, "BadRequest", f"Failed to find metric configuration for {query['metricnames']}"
            )
        series = [{"metadatavalues": [], "data": points}]
        return JSONResponse(
            {
                "cost": 0,
                "timespan": query["timespan"],
                "interval": query["interval"],
                "namespace": query["metricnamespace"],
                "value": [{"name": {"value": query["metricnames"]}, "unit": "Count", "timeseries": series}],
            }
        )


def app_document(*shares: dict[str, Any]) -> dict[str, Any]:
    """A container app of which these shares of the traffic are told."""
    template = {"containers": [{"name": "detectors", "image": "cr.azurecr.io/detectors:0123abc"}]}
    configuration = {"activeRevisionsMode": "Single", "ingress": {"traffic": [*shares]}}
    return {
        "properties": {"configuration": configuration, "template": template, "latestRevisionName": "ca--2"}
    }


def _token_counts(request: Request, audience: str) -> bool:
    try:
        entra.KEYS.verified(request.headers.get("authorization", "").removeprefix("Bearer "), audience)
    except (jwt.InvalidTokenError, ValueError, KeyError, IndexError):
        return False
    return True


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
