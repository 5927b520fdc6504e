"""An Azure of paper with everything that Terraform makes, and a small checkout to publish from."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.operations.deployed_state import Deployed
from anomalyctl.operations.publishing import functions, publishing, wheel
from anomalyctl.operations.publishing.model import PARTS, Part, Publishing
from tests.support.azure_stand_in import publishing as stand_in
from tests.support.azure_stand_in.publishing import PublishingStandIn, running_publishing
from tests.support.azure_stand_in.running import AzureStandIn, running_azure
from tests.support.certificates import Certificates
from tests.support.tiny_dashboard import TinyDashboard

CHECKOUT = Path(__file__).parents[3]


class Checkout:
    """A project under version control, deployed to an environment `dev` of paper."""

    def __init__(self, root: Path, azure: AzureStandIn, services: PublishingStandIn) -> None:
        self.root, self.azure, self.services = root, azure, services
        self.slept: list[float] = []
        self.told: list[str] = []
        self.outputs: dict[str, Any] = {}
        for name in ("pyproject.toml", "README.md", "LICENSE", "anomalyctl/__init__.py"):
            self.write(name, f"# {name}\n")
        self.write("pyproject.toml", '[project]\nname = "anomalyctl"\nversion = "0.1.0"\n')
        for name in ("services/detectors/Dockerfile", "services/job/Dockerfile"):
            self.write(name, "FROM scratch\n")
        made = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "services" / "functions", root / "services" / "functions", ignore=made)
        self.write(".gitignore", ".anomalyctl/\nnode_modules/\n.next/\n")
        listed = (
            '[environments.dev]\nkind = "azure"\nprotected = false\n[environments.local]\nkind = "local"\n'
        )
        self.write("terraform/environments/environments.toml", listed)
        self.write("terraform/main.tf", "")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments: str) -> str:
        names = ("-c", "user.name=Kari", "-c", "user.email=kari@wells.example")
        done = subprocess.run(
            ["git", *names, *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, why: str = "Change") -> str:
        if not (self.root / ".git").exists():
            self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", why)
        return self.git("rev-parse", "HEAD")

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "ANOMALYCTL_PROJECT": str(self.root), **self.azure.environ()}

    def deployed(self) -> Deployed:
        server = self.services.login_server
        outputs = {
            "container_registry_login_server": server,
            "container_registry_name": "crwellsdev1a2b",
            "detectors_endpoint": self.services.address,
            "function_app_name": "func-wells-dev",
            "functions_plan": "dedicated",
            "app_service_name": "app-wells-dev",
            "app_service_url": self.services.address,
            **self.outputs,
        }
        ids = {
            "azurerm_container_registry.this[0]": stand_in.REGISTRY,
            "azurerm_container_app.detectors": stand_in.APP,
            "azurerm_container_app_job.batch[0]": stand_in.JOB,
            "azurerm_linux_function_app.this[0]": stand_in.FUNCTIONS,
            "azurerm_linux_web_app.dashboard": stand_in.DASHBOARD,
        }
        return Deployed("dev", 7, "lineage", outputs, ids, (), access_keys=False)

    def publish(self, *parts: Part, **options: Any) -> Publishing:
        def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return publishing.publish(
            "dev", parts or PARTS, environ=self.environ, sleep=sleep, progress=_Told(self.told), **options
        )

    def runs(self) -> Sequence[Any]:
        from anomalyctl.provisioning.ledger import Ledger

        return list(Ledger(self.root / ".anomalyctl" / "runs").runs())


class _Told:
    def __init__(self, told: list[str]) -> None:
        self._told = told

    def step(self, text: str) -> None:
        self._told.append(text)

    done = warn = step

    def advance(self, done: int, total: int, text: str) -> None:
        self._told.append(text)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def running(certificates: Certificates) -> Iterator[tuple[AzureStandIn, PublishingStandIn]]:
    with running_azure(certificates) as azure, running_publishing(certificates) as services:
        yield azure, services


@pytest.fixture
def azure(running: tuple[AzureStandIn, PublishingStandIn]) -> AzureStandIn:
    running[0].begin_anew()
    return running[0]


@pytest.fixture
def services(running: tuple[AzureStandIn, PublishingStandIn], azure: AzureStandIn) -> PublishingStandIn:
    running[1].furnish(azure.paper)
    return running[1]


@pytest.fixture
def checkout(
    tmp_path: Path, azure: AzureStandIn, services: PublishingStandIn, monkeypatch: pytest.MonkeyPatch
) -> Checkout:
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    made = Checkout(tmp_path / "project", azure, services)
    monkeypatch.setattr(publishing, "deployed", lambda *_, **__: made.deployed())

    def installed(lock: Path, folder: Path, environ: Any, log: Path) -> None:
        (folder / "numpy").mkdir(parents=True)
        (folder / "numpy" / "__init__.py").touch()

    # The index is asked by a test of its own: 250 MB for each of these would be no use.
    monkeypatch.setattr(functions, "install_locked", installed)

    def built(source: Path, work: Path, environ: Any, log: Path) -> Path:
        made = work / "anomalyctl-0.1.0-py3-none-any.whl"
        with zipfile.ZipFile(made, "w") as archive:
            archive.write(source / "anomalyctl" / "__init__.py", "anomalyctl/__init__.py")
            archive.writestr("anomalyctl-0.1.0.dist-info/METADATA", "Name: anomalyctl\nVersion: 0.1.0\n")
        return made

    # Built by tests of its own.
    monkeypatch.setattr(wheel, "build_wheel", built)
    return made


@pytest.fixture
def with_dashboard(checkout: Checkout) -> Checkout:
    TinyDashboard(checkout.root)
    return checkout
