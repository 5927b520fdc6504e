"""What stands beside Resource Manager when code is published: uploads, a site's Kudu, health paths."""

from __future__ import annotations

import io
import json
import tarfile
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.azure_stand_in.entra import STORAGE_AUDIENCE, claims_of
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Document, Paper
from tests.support.certificates import Certificates, serving_https

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-wells-dev"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crwellsdev1a2b"
APP = f"{GROUP}/providers/Microsoft.App/containerApps/ca-wells-dev"
JOB = f"{GROUP}/providers/Microsoft.App/jobs/job-wells-dev"
FUNCTIONS = f"{GROUP}/providers/Microsoft.Web/sites/func-wells-dev"
DASHBOARD = f"{GROUP}/providers/Microsoft.Web/sites/app-wells-dev"
FUNCTION_NAMES = (
    "clean_up",
    "fit_model",
    "process_readings",
    "process_spread_readings",
    "sweep_readings",
    "update_dashboard_cache",
)
TASKS_API, APPS_API, SITES_API = "2019-06-01-preview", "2024-03-01", "2023-12-01"
REGISTRY_TOKEN = "a-token-of-the-registry"  # pragma: allowlist secret
PERMISSION = "sig=a-permission-in-the-address"  # pragma: allowlist secret


@dataclass(frozen=True)
class Places:
    """Azure's ids of what is published to."""

    registry: str = REGISTRY
    app: str = APP
    job: str = JOB
    functions: str = FUNCTIONS
    dashboard: str = DASHBOARD


@dataclass
class PublishingStandIn:
    """The services, and what they received."""

    address: str = ""
    paper: Paper = field(default_factory=Paper)
    places: Places = field(default_factory=Places)
    patience: int = 2
    """How often a build or a deployment is not done yet when it is asked for."""
    builds: list[Document] = field(default_factory=list)
    uploads: list[set[str]] = field(default_factory=list)
    packages: list[tuple[str, dict[str, str], set[str]]] = field(default_factory=list)
    """Path, query and the names in the package."""
    actions: list[str] = field(default_factory=list)
    build_status: str = "Succeeded"
    deployment_status: int = 4
    busy: int = 0
    """How many packages are refused because another deployment goes on."""
    unwell: int = 0
    """How many answers of a health path are 503."""
    lingering: int = 0
    """How many answers of the dashboard's health path are still the process before, once a build is sent."""
    dashboards: list[str] = field(default_factory=lambda: [""])
    """Digests of the dashboard's builds that were sent; none before the first."""
    forbidden: bool = False
    """Whether the sites' firewalls let this address in."""
    pushed: set[str] = field(default_factory=set)
    """Images that the registry holds and did not build lately."""
    registry_is_private: bool = False
    answers_with_id: bool = False
    asked_about: list[str] = field(default_factory=list)
    """Deployments that were asked about."""
    lacking_role: bool = False
    restarting: int = 0
    """How many questions about a deployment meet a site that restarts."""
    polls: int = 0

    @property
    def login_server(self) -> str:
        return self.address.removeprefix("https://")

    def furnish(self, paper: Paper) -> None:
        """Everything that Terraform has made, with nothing published to it."""
        self.__init__(  # type: ignore[misc]
            address=self.address, paper=paper, places=self.places, patience=self.patience
        )
        at = self.places
        revision = f"{self._app_name}--1"
        placeholder = "mcr.microsoft.com/k8se/quickstart:latest"
        for path in (at.app, at.job):
            paper.resources[path.lower()] = {
                "id": path,
                "properties": {
                    "configuration": {
                        "ingress": {"targetPort": 80, "traffic": [{"latestRevision": True, "weight": 100}]}
                    },
                    "template": {
                        "containers": [{"name": "detectors", "image": placeholder, "env": [{"name": "A"}]}]
                    },
                    "latestRevisionName": revision,
                    "latestReadyRevisionName": revision,
                },
            }
            self._tags(path)
        for path in (at.functions, at.dashboard):
            host = {"name": self.login_server, "hostType": "Repository"}
            paper.resources[path.lower()] = {"id": path, "properties": {"hostNameSslStates": [host]}}
            self._tags(path)
        paper.resources[f"{at.functions}/hostruntime/admin/host/status".lower()] = {"state": "Running"}
        listed = [{"name": f"{at.functions.rpartition('/')[2]}/{name}"} for name in FUNCTION_NAMES]
        paper.collections[f"{at.functions}/functions".lower()] = (SITES_API, listed)
        paper.collections[f"{at.registry}/runs".lower()] = (TASKS_API, [])
        for action, answer in (
            ("listBuildSourceUploadUrl", self._upload_place),
            ("scheduleRun", self._schedule),
        ):
            paper.questions[f"{at.registry}/{action}".lower()] = (TASKS_API, answer)
        for action in ("restart", "syncfunctiontriggers"):
            path = f"{at.functions}/{action}".lower()
            paper.questions[path] = (SITES_API, lambda _, done=action: self.actions.append(done) or {})
        paper.hooks.append((f"PATCH {at.app}".replace(".", r"\."), self._new_revision))

    @property
    def _app_name(self) -> str:
        return self.places.app.rpartition("/")[2]

    def app(self) -> Document:
        return self.paper.resources[self.places.app.lower()]["properties"]

    def image(self) -> str:
        return str(self.app()["template"]["containers"][0]["image"])

    def tag_of(self, resource: str) -> str:
        document = self.paper.resources[f"{resource}/providers/Microsoft.Resources/tags/default".lower()]
        return str(document["properties"]["tags"].get("published", ""))

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        body = await request.body()
        if path == "/upload" and request.method == "PUT":
            return self._uploaded(request, body)
        if path == "/log":
            return Response("Step 1/9 : FROM python:3.12-slim\nPushed\n")
        if path in ("/health/ready", "/api/health"):
            return self._health(path)
        if path == "/oauth2/exchange":
            return self._exchanged(dict(urllib.parse.parse_qsl(body.decode())))
        if path == "/oauth2/token":
            return self._registry_access(dict(urllib.parse.parse_qsl(body.decode())))
        if path.startswith("/v2/"):
            return self._manifest(request)
        claims = claims_of(request.headers.get("authorization", "").removeprefix("Bearer "))
        if path.startswith("/function-code/") and claims.get("aud") == STORAGE_AUDIENCE:
            return self._blob(request, body)
        if claims.get("aud") != self.paper.audience or claims.get("exp", 0) < time.time():
            return JSONResponse({"error": {"code": "Unauthorized", "message": "No token for here."}}, 401)
        if self.forbidden:
            return Response(
                "<h1>Error 403 - Forbidden</h1>",
                status_code=403,
                headers={"x-ms-forbidden-ip": "203.0.113.9"},
            )
        if self.lacking_role:
            return Response(status_code=401)
        if self.restarting and path.startswith("/api/deployments/"):
            self.restarting -= 1
            return Response("Application is restarting", status_code=503 if self.restarting % 2 else 502)
        if path.startswith("/api/deployments/"):
            self.asked_about.append(path.rpartition("/")[2])
            return self._deployment()
        if request.method == "POST" and path in ("/api/publish", "/api/zipdeploy"):
            return self._package(request, body)
        return JSONResponse({"error": {"code": "NotFound", "message": path}}, 404)

    def _tags(self, path: str) -> None:
        key = f"{path}/providers/Microsoft.Resources/tags/default".lower()
        self.paper.resources[key] = {"properties": {"tags": {"environment": "dev"}}}

    def _upload_place(self, body: Document) -> Document:
        return {"uploadUrl": f"{self.address}/upload?{PERMISSION}", "relativePath": "source/abc.tar.gz"}

    def _schedule(self, body: Document) -> Document:
        if body.get("sourceLocation") != "source/abc.tar.gz" or not self.uploads:
            raise AssertionError("the sources come first")
        self.builds.append(body)
        run = f"cf{len(self.builds)}"
        repository, _, tag = body["imageNames"][0].partition(":")
        made = {"runId": run, "status": "Queued", "outputImages": []}
        steps = iter(("Running",) if self.patience else ())
        path = f"{self.places.registry}/runs/{run}"
        self.paper.resources[path.lower()] = {"name": run, "properties": made}
        link = {"logLink": f"{self.address}/log?{PERMISSION}"}
        self.paper.questions[f"{path}/listLogSasUrl".lower()] = (TASKS_API, lambda _: link)
        self.paper.questions[f"{path}/cancel".lower()] = (TASKS_API, lambda _: {})

        def goes_on() -> None:
            made["status"] = next(steps, self.build_status)
            if made["status"] == "Succeeded":
                made["outputImages"] = [{"repository": repository, "tag": tag}]
                self.paper.collections[f"{self.places.registry}/runs".lower()][1].append({"properties": made})

        if not self.patience:
            goes_on()
        self.paper.hooks.append((f"GET {path}".replace(".", r"\."), goes_on))
        return {"name": run, "properties": made}

    def _new_revision(self) -> None:
        app = self.app()
        number = int(app["latestRevisionName"].rpartition("-")[2]) + 1
        app["latestRevisionName"] = app["latestReadyRevisionName"] = f"{self._app_name}--{number}"

    def _uploaded(self, request: Request, body: bytes) -> Response:
        if request.url.query != PERMISSION or "authorization" in request.headers:
            return Response(status_code=403)
        if request.headers.get("x-ms-blob-type") != "BlockBlob" or "content-length" not in request.headers:
            return Response(status_code=400)
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            self.uploads.append(set(archive.getnames()))
        return Response(status_code=201)

    def _blob(self, request: Request, body: bytes) -> Response:
        if request.method != "PUT" or not {"x-ms-version", "x-ms-blob-type"} <= set(request.headers):
            return Response(status_code=400)
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            self.packages.append((request.url.path, {}, set(archive.namelist())))
        return Response(status_code=201)

    def _exchanged(self, form: dict[str, str]) -> Response:
        """A token of the registry's own, for one of Resource Manager."""
        known = claims_of(form.get("access_token", "")).get("aud") == self.paper.audience
        if not known or form.get("service") != self.login_server or form.get("grant_type") != "access_token":
            return Response(status_code=401)
        return JSONResponse({"refresh_token": REGISTRY_TOKEN})

    def _registry_access(self, form: dict[str, str]) -> Response:
        known = form.get("refresh_token") == REGISTRY_TOKEN and form.get("grant_type") == "refresh_token"
        if not known or form.get("service") != self.login_server or self.registry_is_private:
            return Response(status_code=403 if self.registry_is_private else 401)
        return JSONResponse({"access_token": form["scope"]})

    def _manifest(self, request: Request) -> Response:
        """HEAD /v2/REPOSITORY/manifests/TAG with a token for that repository."""
        _, _, repository, _, tag = request.url.path.split("/")
        if request.headers.get("authorization") != f"Bearer repository:{repository}:pull":
            return Response(status_code=401)
        if "vnd.oci.image.manifest" not in request.headers.get("accept", ""):
            return Response(status_code=404)  # as a registry does with a manifest of another kind
        return Response(status_code=200 if f"{repository}:{tag}" in self.pushed else 404)

    def _health(self, path: str) -> Response:
        if self.unwell:
            self.unwell -= 1
            return Response(status_code=503)
        if path == "/health/ready":
            return JSONResponse({})
        if self.lingering and len(self.dashboards) > 1:
            self.lingering -= 1
            return JSONResponse({"status": "ok", "build": self.dashboards[-2]})
        return JSONResponse({"status": "ok", "build": self.dashboards[-1]})

    def _package(self, request: Request, body: bytes) -> Response:
        if self.busy:
            self.busy -= 1
            return JSONResponse(
                {"error": {"code": "Conflict", "message": "A deployment is in progress."}}, 409
            )
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = set(archive.namelist())
            if "build.json" in names:
                self.dashboards.append(json.loads(archive.read("build.json"))["digest"])
        self.packages.append((request.url.path, dict(request.query_params), names))
        self.polls = self.patience
        if self.answers_with_id:  # as a flex plan does
            return JSONResponse("0f9d2c3e-7a41-4f6e-9a43-5b6d7e8f9a0b", 202)
        return Response(status_code=202, headers={"Location": f"{self.address}/api/deployments/latest"})

    def _deployment(self) -> Response:
        if self.polls:
            self.polls -= 1
            return JSONResponse({"id": "1", "status": 1, "progress": "Unpacking."}, 202)
        return JSONResponse({"id": "1", "status": self.deployment_status, "status_text": "Said why."})


@contextmanager
def running_publishing(certificates: Certificates) -> Iterator[PublishingStandIn]:
    """Serve them all at one address."""
    stand_in = PublishingStandIn()

    async def answer(request: Request) -> Any:
        return await stand_in.answer(request)

    methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"]
    application = Starlette(routes=[Route("/{path:path}", answer, methods=methods)])
    with serving_https(application, certificates) as address:
        stand_in.address = address
        yield stand_in
