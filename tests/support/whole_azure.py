"""All of Azure on loopback for one project: what `deploy` makes of nothing, publishes to, reaches, destroys.

The real Terraform with the stand-in provider and its state in Azurite; Entra, Resource Manager, the registry
and the sites are stand-ins; Redis, Cosmos DB and the detectors are real ones that look at Entra's tokens.
Terraform's outputs lead there, because the provider is told what Azure computes; the detectors have the
names of Container Apps, which the office's proxy knows.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from detector_service.app import create_app
from detector_service.settings import DetectorSettings
from tests.support.azure_stand_in import entra
from tests.support.azure_stand_in.following import Following
from tests.support.azure_stand_in.publishing import Places, PublishingStandIn, running_publishing
from tests.support.azure_stand_in.revisions import Revisions
from tests.support.azure_stand_in.subscription import furnish
from tests.support.azurerm.mirror import StandIn, install
from tests.support.azurite import ACCOUNT, Azurite
from tests.support.certificates import Certificates, serving_https
from tests.support.connect_proxy import connect_proxy
from tests.support.entra_cosmos import EntraCosmos, entra_cosmos
from tests.support.entra_redis import EntraRedis, entra_redis
from tests.support.terraform_root import SOURCE, clean_environment
from tests.support.tiny_dashboard import TinyDashboard

DOMAIN = "lemon-dune.eastus.azurecontainerapps.io"
AUDIENCE = "api://66666666-6666-4666-8666-666666666666"
PLACEHOLDER = "mcr.microsoft.com/k8se/quickstart:latest"
REDIS_PORT = 10000
BAD = "bad"
"""The tag of an image whose detectors answer every question with an error."""
_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "anomalyctl"
version = "0.1.0"
"""
_CHECKOUT = Path(__file__).parents[2]
_TOKEN = "a-token-of-the-detectors-1234"  # pragma: allowlist secret


@dataclass
class WholeAzure:
    """The project, and what stands behind its commands."""

    root: Path
    azurite: Azurite
    provider: StandIn
    services: PublishingStandIn
    redis: EntraRedis
    cosmos: EntraCosmos
    detectors: str = ""
    bad_detectors: str = ""
    proxy: str = ""
    _revisions: Revisions | None = None
    asked: list[str] = field(default_factory=list)
    """Names that the proxy was asked for."""

    def environ(self) -> dict[str, str]:
        """The variables of an operator who works from an office, signed in as a service principal."""
        found = clean_environment() | self.provider.environment() | self.azurite.environ()
        for name in ("TF_INPUT", "TF_IN_AUTOMATION", "ANOMALYCTL_NO_PUBLISH"):
            found.pop(name, None)
        found = {name: value for name, value in found.items() if not name.lower().endswith("_proxy")}
        beside = f"127.0.0.1,127.0.0.2,localhost,{self.redis.host}"
        proxies = {"HTTPS_PROXY": self.proxy, "NO_PROXY": beside, "no_proxy": beside}
        return found | proxies | {"ANOMALYCTL_PROJECT": str(self.root), "NO_COLOR": "1"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command with --env dev, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "anomalyctl", *arguments, "--env", "dev", "--output", "json"],
            env=self.environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *arguments: str, expect: int = 0) -> Any:
        """The JSON document of a command with --env dev, or its error where it is to fail."""
        process = self.start(*arguments)
        out, said = process.communicate(timeout=300)
        assert process.returncode == expect, (
            f"{arguments}: {process.returncode}\n{out[-3000:]}\n{said[-3000:]}"
        )
        return json.loads(out) if out else json.loads(said.splitlines()[-1])["error"]

    @property
    def revisions(self) -> Revisions:
        """Of the detectors' app; there are some once it is deployed."""
        assert self._revisions is not None, "nothing is deployed"
        return self._revisions

    def serving(self) -> dict[str, int]:
        """Images and their share of the detectors' traffic."""
        return self.revisions.taking

    def put_into_registry(self, tag: str) -> None:
        """As if somebody had it built: an image of the detectors with that tag."""
        made = {"status": "Succeeded", "outputImages": [{"repository": "detectors", "tag": tag}]}
        runs = self.azurite.azure.paper.collections[f"{self.services.places.registry}/runs".lower()][1]
        runs.append({"properties": made})

    def create_database(self) -> None:
        """Fill the account with what Terraform made of it on paper: the database and its containers."""
        store = AnomalyStore(
            connect_cosmos(
                f"AccountEndpoint={self.cosmos.address}/;",
                credential=entra.StandInCredential(),
                ca_bundle=str(self.azurite.azure.certificates.authority),
            )
        )
        store.create_if_missing()
        store.close()

    def resolve(self, name: str) -> str:
        """Where a name of Container Apps leads: the app's to what takes most traffic, a revision's to it."""
        self.asked.append(name)
        if self._revisions is None or not name.endswith(f".{DOMAIN}"):
            return ""
        label = name.removesuffix(f".{DOMAIN}")
        image = self.revisions.images.get(label)
        if image is None and label == self.revisions.app_id.rpartition("/")[2]:
            image = max(self.revisions.taking.items(), key=lambda one: one[1])[0]
        if image in (None, PLACEHOLDER):
            return ""
        return self.bad_detectors if str(image).endswith(f":{BAD}") else self.detectors


@contextmanager
def whole_azure(
    azurite: Azurite, valkey: Any, folder: Path, redis_address: str, key: str = "anomaly-detection"
) -> Iterator[WholeAzure]:
    """An Azure in which nothing stands yet, not even a place for the state. `key` names the state."""
    azure = azurite.azure
    certificates = azure.certificates
    azure.begin_anew()
    furnish(azure.paper)
    azure.paper.polls = 0
    with ExitStack() as stack:
        services = stack.enter_context(running_publishing(certificates))
        services.patience = 0
        redis = stack.enter_context(entra_redis(certificates, valkey, redis_address, REDIS_PORT))
        cosmos = stack.enter_context(entra_cosmos(certificates, folder))
        root = folder / "project"
        provider = install(folder / "azure")
        made = WholeAzure(root, azurite, provider, services, redis, cosmos)
        _write_project(root, key)
        provider.give(_computed(made))
        made.detectors = stack.enter_context(_detectors(certificates, valkey, azure.address))
        made.bad_detectors = stack.enter_context(serving_https(_failing, certificates)).removeprefix(
            "https://"
        )
        made.proxy = stack.enter_context(connect_proxy(made.resolve))

        def stands(places: Places) -> None:
            made._revisions = Revisions(azure.paper, app_id=places.app, domain=DOMAIN)
            made.revisions.install(PLACEHOLDER)

        azure.paper.before = Following(provider, azure.paper, services, stands).look
        azure.paper.put = _containers_follow(azurite)
        yield made


def certificates_for_all(folder: Path, redis_address: str) -> Certificates:
    """Also good for the names of Container Apps, and for Redis."""
    return Certificates.made_in(folder, f"*.{DOMAIN}", address=redis_address)


def free_redis_address() -> str:
    """An address of loopback whose port for Redis nobody has: Azure's is always the same."""
    for last in range(3, 250):
        with suppress(OSError), socket.create_server((f"127.0.0.{last}", REDIS_PORT)):
            return f"127.0.0.{last}"
    pytest.skip(f"port {REDIS_PORT} is taken on each address of loopback")


@contextmanager
def _detectors(certificates: Certificates, valkey: Any, authority: str) -> Iterator[str]:
    settings = DetectorSettings(
        redis_connection_string=valkey.connection_string,
        detector_token=_TOKEN,
        detector_audience=AUDIENCE,
        azure_tenant_id=entra.TENANT,
        azure_authority_host=authority,
        operator_object_ids=entra.OPERATOR,
    )
    with serving_https(create_app(settings), certificates) as address:
        yield address.removeprefix("https://")


async def _failing(scope: Any, receive: Any, send: Any) -> None:
    await JSONResponse({"title": "broken", "status": 500}, 500)(scope, receive, send)


def _containers_follow(azurite: Azurite) -> Any:
    def put(path: str) -> None:
        if "/containers/" in path and "/roleAssignments/" not in path:
            azurite.make_container(path.rsplit("/", 1)[1])

    return put


def _computed(made: WholeAzure) -> dict[str, dict[str, Any]]:
    """What Azure computes: the addresses of what stands on loopback."""
    sites = made.services.login_server
    return {
        "azurerm_managed_redis": {"hostname": made.redis.host},
        "azurerm_cosmosdb_account": {"endpoint": f"{made.cosmos.address}/"},
        "azurerm_container_app_environment": {"default_domain": DOMAIN},
        "azurerm_container_registry": {"login_server": sites},
        "azurerm_linux_web_app": {"default_hostname": sites},
        "azurerm_linux_function_app": {"default_hostname": sites},
    }


def _write_project(root: Path, key: str) -> None:
    """A checkout with our infrastructure; its code is small, as no real build looks at it."""
    left_out = shutil.ignore_patterns(".terraform*", "tests", "__pycache__", "backend_override.tf")
    shutil.copytree(SOURCE, root / "terraform", ignore=left_out)
    shutil.copytree(_CHECKOUT / "services" / "functions", root / "services" / "functions", ignore=left_out)
    (root / "services" / "functions" / "requirements.lock").write_text("# Nothing: no index is asked.\n")
    for name in ("pyproject.toml", "README.md", "LICENSE", "anomalyctl/__init__.py"):
        _write(root / name, f"# {name}\n")
    _write(root / "pyproject.toml", _PYPROJECT)
    for name in ("services/detectors/Dockerfile", "services/job/Dockerfile"):
        _write(root / name, "FROM scratch\n")
    _write(root / ".gitignore", ".anomalyctl/\nnode_modules/\n.next/\n")
    TinyDashboard(root)
    declared = root / "terraform" / "environments"
    (declared / "environments.toml").write_text(
        f'[environments.dev]\nkind = "azure"\nprotected = false\n'
        f'state = {{ account = "{ACCOUNT}", container = "whole-azure", key = "{key}.tfstate" }}\n'
    )
    # What a newcomer names, and what `deploy` says before it begins where it is not named.
    variables = (
        f'\ndetector_audience = "{AUDIENCE}"\noperator_object_ids = ["{entra.OPERATOR}"]\n'
        f'operator_access = "addresses"\noperator_ip_addresses = ["203.0.113.7"]\n'
        f"nat_gateway_enabled = true\nredis_public_network_access_enabled = true\n"
    )
    with (declared / "dev.tfvars").open("a") as file:
        file.write(variables)
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    names = ("-c", "user.name=Kari", "-c", "user.email=kari@wells.example")
    for arguments in (("init", "-q"), ("add", "-A"), (*names, "commit", "-q", "-m", "As it is")):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env=environ)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
