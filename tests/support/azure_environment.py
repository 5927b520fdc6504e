"""A deployed environment of Azure on loopback: a state with outputs, and parts that look at Entra's tokens.

Redis, Cosmos DB and the detectors are the real ones behind TLS; the vault, Log Analytics, Azure Monitor, the
functions' host and the dashboard are answers at one address.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from anomalyctl.azure.web_apps import SITES_API
from anomalyctl.operations.connections import connect
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from detector_service.app import create_app
from detector_service.settings import DetectorSettings
from tests.support.azure_stand_in import entra
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID
from tests.support.certificates import Certificates, serving_https
from tests.support.entra_cosmos import EntraCosmos, entra_cosmos
from tests.support.entra_redis import EntraRedis, entra_redis

CHECKOUT = Path(__file__).parents[2]
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-anomaly-detection-dev"
FUNCTION_APP = f"{GROUP}/providers/Microsoft.Web/sites/func-anomaly-detection-dev"
WORKSPACE = "99999999-9999-4999-8999-999999999999"
AUDIENCE = "api://66666666-6666-4666-8666-666666666666"
TOKEN = "a-token-of-the-detectors-1234"  # pragma: allowlist secret


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
    queries: list[dict[str, Any]] = field(default_factory=list)
    metric_requests: list[dict[str, str]] = field(default_factory=list)
    dashboard: tuple[int, dict[str, Any]] = (200, {"status": "ok"})
    functions: tuple[int, str] = (200, "")
    """What the page of the functions' host answers."""
    host: dict[str, Any] = field(default_factory=lambda: {"state": "Running", "functions": ["clean_up"]})
    """What Resource Manager tells of it; empty: this identity may not ask."""
    refuse_logs: bool = False
    logs_status: int = 200

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        signed_in = await entra.answer(request, self.address)
        if signed_in is not None:
            return signed_in
        path = request.url.path
        if path.startswith("/vault/secrets/"):
            return self._secret(request, path.rsplit("/", 1)[1])
        if path.startswith("/v1/workspaces/"):
            return self._query(request, await request.body())
        if path.endswith("/providers/Microsoft.Insights/metrics"):
            return self._metric(request)
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
        if self.logs_status != 200:
            return _error(self.logs_status, "ServiceUnavailable", "Try again.")
        document = json.loads(body)
        if request.url.path != f"/v1/workspaces/{WORKSPACE}/query" or not set(document) <= {
            "query",
            "timespan",
        }:
            return _error(400, "BadArgumentError", "The request had some invalid properties")
        self.queries.append(document)
        table = next((table for word, table in self.tables if word in document["query"]), None)
        empty = {
            "name": "PrimaryResult",
            "columns": [{"name": "TimeGenerated", "type": "datetime"}],
            "rows": [],
        }
        return JSONResponse({"tables": [table or empty]})

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


@dataclass
class AzureEnvironment:
    """The environment `dev` and everything that stands behind it."""

    root: Path
    redis: EntraRedis
    cosmos: EntraCosmos
    surface: Surface
    certificates: Certificates
    outputs: dict[str, Any]
    detectors: str
    upstream: str
    """The way to the Valkey behind Redis, with its key."""

    def environ(self, **more: str) -> dict[str, str]:
        """The variables with which a command finds all of it, signed in as a service principal."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ARM_", "TF_", "ANOMALYCTL_")) and not name.lower().endswith("_proxy")
        }
        return kept | {
            "ANOMALYCTL_PROJECT": str(self.root),
            "ANOMALYCTL_AZURE_RESOURCE_MANAGER": self.surface.address,
            "ANOMALYCTL_AZURE_AUDIENCE": self.surface.address,
            "ANOMALYCTL_AZURE_AUTHORITY": self.surface.address,
            "ANOMALYCTL_AZURE_LOGS": self.surface.address,
            "ANOMALYCTL_AZURE_CA_BUNDLE": str(self.certificates.authority),
            "ARM_TENANT_ID": entra.TENANT,
            "ARM_CLIENT_ID": entra.CLIENT,
            "ARM_CLIENT_SECRET": entra.SECRET,
            "NO_COLOR": "1",
            **more,
        }

    def deploy(self, **outputs: Any) -> None:
        """Write a state with these outputs, as Terraform does; without any, those of the parts."""
        folder = self.root / ".anomalyctl" / "dev" / "root" / "terraform.tfstate.d" / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "terraform.tfstate"
        serial = json.loads(path.read_text())["serial"] + 1 if path.is_file() else 1
        told = {**self.outputs, **outputs}
        path.write_text(json.dumps(_state(serial, told)))
        later = time.time_ns() + serial * 1_000_000
        os.utime(path, ns=(later, later))

    def forget_state(self) -> None:
        """Leave nothing deployed."""
        for path in (self.root / ".anomalyctl").rglob("terraform.tfstate"):
            path.unlink()

    def create_database(self) -> None:
        """Make the database and its containers."""
        account = connect_cosmos(
            f"AccountEndpoint={self.cosmos.address}/;",
            credential=entra.StandInCredential(),
            ca_bundle=str(self.certificates.authority),
        )
        store = AnomalyStore(account)
        store.create_if_missing()
        store.close()

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command line with nobody to ask."""
        return subprocess.run(
            [sys.executable, "-m", "anomalyctl", *arguments],
            env=self.environ(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def document(self, *arguments: str, expect: int = 0) -> Any:
        """The JSON of a command that ends as expected: its result, or its error."""
        done = self.run(*arguments, "--env", "dev", "--output", "json")
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        if done.stdout:
            return json.loads(done.stdout)
        return json.loads(done.stderr.splitlines()[-1])["error"]


@contextmanager
def azure_environment(
    certificates: Certificates, valkey: Any, folder: Path, environ: Any
) -> Iterator[AzureEnvironment]:
    """A deployed and published environment. `environ` is a MonkeyPatch: the detectors run in this process."""
    surface = Surface()
    root = folder / "project"
    _write_project(root)
    environ.setenv("SSL_CERT_FILE", str(certificates.bundle))
    with ExitStack() as stack:
        routes = [Route("/{path:path}", surface.answer, methods=["GET", "POST"])]
        surface.address = stack.enter_context(serving_https(Starlette(routes=routes), certificates))
        redis = stack.enter_context(entra_redis(certificates, valkey))
        cosmos = stack.enter_context(entra_cosmos(certificates, folder))
        settings = DetectorSettings(
            redis_connection_string=valkey.connection_string,
            detector_token=TOKEN,
            detector_audience=AUDIENCE,
            azure_tenant_id=entra.TENANT,
            azure_authority_host=surface.address,
            operator_object_ids=entra.OPERATOR,
        )
        detectors = stack.enter_context(serving_https(create_app(settings), certificates))
        surface.secrets["DETECTOR-TOKEN"] = TOKEN
        made = AzureEnvironment(
            root, redis, cosmos, surface, certificates, {}, detectors, valkey.connection_string
        )
        made.outputs = _outputs(made)
        made.deploy()
        yield made


def open_connections(made: AzureEnvironment, **more: str) -> Any:
    """Connections to it from this process."""
    return connect("dev", environ=made.environ(**more))


def _outputs(made: AzureEnvironment) -> dict[str, Any]:
    return {
        "redis_host": made.redis.host,
        "redis_port": made.redis.port,
        "redis_flavor": "managed",
        "cosmos_db_endpoint": f"{made.cosmos.address}/",
        "cosmos_db_database_name": "anomaly-detection",
        "detectors_endpoint": made.detectors,
        "detector_audience": AUDIENCE,
        "detector_token_secret_name": "DETECTOR-TOKEN",  # pragma: allowlist secret
        "key_vault_uri": f"{made.surface.address}/vault/",
        "operator_access": "private",
        "app_service_url": f"{made.surface.address}/dashboard",
        "function_app_hostname": made.surface.address.removeprefix("https://") + "/functions",
        "function_app_name": "func-anomaly-detection-dev",
        "log_analytics_workspace_customer_id": WORKSPACE,
    }


def _state(serial: int, outputs: dict[str, Any]) -> dict[str, Any]:
    sensitive = {
        "redis_connection_string": "host:10000,password=s3cret-of-the-state",
        "redis_access_key": None,
    }
    told: dict[str, Any] = {
        name: {"value": value, "type": "string"} for name, value in outputs.items() if name not in sensitive
    }
    for name, value in sensitive.items():
        told[name] = {"value": outputs.get(name, value), "type": "string", "sensitive": True}
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": serial,
        "lineage": "a-lineage",
        "outputs": told,
        "resources": [_resource(*one) for one in _RESOURCES] + [_alerts()],
    }


_RESOURCES = [
    ("azurerm_linux_function_app", "this", 0, FUNCTION_APP),
    ("azurerm_managed_redis", "this", 0, f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/amr-dev"),
    (
        "azurerm_cosmosdb_account",
        "this",
        None,
        f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosno-dev",
    ),
    (
        "azurerm_container_app",
        "detectors",
        None,
        f"{GROUP}/providers/Microsoft.App/containerApps/ca-detectors-dev",
    ),
]


def _resource(kind: str, name: str, key: Any, identity: str) -> dict[str, Any]:
    instance: dict[str, Any] = {
        "schema_version": 0,
        "attributes": {"id": identity, "key": "s3cret-of-the-state"},
    }
    if key is not None:
        instance["index_key"] = key
    return {"mode": "managed", "type": kind, "name": name, "provider": _PROVIDER, "instances": [instance]}


def _alerts() -> dict[str, Any]:
    rules = [
        (
            "redis-memory",
            2,
            _RESOURCES[1][3],
            "Microsoft.Cache/redisEnterprise",
            "usedmemorypercentage",
            "Maximum",
            90,
        ),
        (
            "cosmos-throttled",
            2,
            _RESOURCES[2][3],
            "Microsoft.DocumentDB/databaseAccounts",
            "NormalizedRUConsumption",
            "Maximum",
            90,
        ),
        (
            "queue-lag",
            1,
            f"{GROUP}/providers/Microsoft.Insights/components/appi-dev",
            "azure.applicationinsights",
            "queue_lag_seconds",
            "Minimum",
            300,
        ),
    ]
    return {
        "mode": "managed",
        "type": "azurerm_monitor_metric_alert",
        "name": "this",
        "provider": _PROVIDER,
        "instances": [
            {
                "index_key": name,
                "schema_version": 0,
                "attributes": {
                    "id": f"{GROUP}/providers/Microsoft.Insights/metricAlerts/alert-{name}",
                    "name": f"alert-{name}",
                    "description": f"{name} is described.",
                    "severity": severity,
                    "scopes": [scope],
                    "window_size": "PT15M",
                    "enabled": True,
                    "criteria": [
                        {
                            "metric_namespace": namespace,
                            "metric_name": metric,
                            "aggregation": aggregation,
                            "operator": "GreaterThan",
                            "threshold": threshold,
                        }
                    ],
                },
            }
            for name, severity, scope, namespace, metric, aggregation, threshold in rules
        ],
    }


_PROVIDER = 'provider["registry.terraform.io/hashicorp/azurerm"]'


def _write_project(root: Path) -> None:
    """A root module without anything in it: the state alone tells. The allow-list is the test's own."""
    (root / "terraform" / "environments").mkdir(parents=True)
    (root / "terraform" / "main.tf").write_text("terraform {}\n")
    (root / "services").symlink_to(CHECKOUT / "services")
    (root / "terraform" / "environments" / "environments.toml").write_text(
        '[environments.local]\nkind = "local"\nprotected = false\n'
        '[environments.dev]\nkind = "azure"\nprotected = true\n'
    )


def _token_counts(request: Request, audience: str) -> bool:
    try:
        entra.KEYS.verified(request.headers.get("authorization", "").removeprefix("Bearer "), audience)
    except (jwt.InvalidTokenError, ValueError, KeyError, IndexError):
        return False
    return True


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
