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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from anomalyctl.operations.connecting import connect
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from detector_service.app import create_app
from detector_service.settings import DetectorSettings
from tests.support.azure_stand_in import entra
from tests.support.azure_state import state_document
from tests.support.azure_surface import WORKSPACE, Surface
from tests.support.certificates import Certificates, serving_https
from tests.support.entra_cosmos import EntraCosmos, entra_cosmos
from tests.support.entra_redis import EntraRedis, entra_redis

CHECKOUT = Path(__file__).parents[2]
AUDIENCE = "api://66666666-6666-4666-8666-666666666666"
TOKEN = "a-token-of-the-detectors-1234"  # pragma: allowlist secret


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
        path.write_text(json.dumps(state_document(serial, told)))
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
        "openai_endpoint": f"{made.surface.address}/",
        "openai_deployment_name": "contexts",
    }


def _write_project(root: Path) -> None:
    """A root module without anything in it: the state alone tells. The allow-list is the test's own."""
    (root / "terraform" / "environments").mkdir(parents=True)
    (root / "terraform" / "main.tf").write_text("terraform {}\n")
    (root / "services").symlink_to(CHECKOUT / "services")
    (root / "terraform" / "environments" / "environments.toml").write_text(
        '[environments.local]\nkind = "local"\nprotected = false\n'
        '[environments.dev]\nkind = "azure"\nprotected = true\n'
    )
