"""Azurite, Microsoft's emulator of blobs, behind the real `azurerm` backend of the real Terraform.

    with running_azurite(folder, azure) as azurite:
        environment = clean_environment() | azurite.terraform_environ()
        azurite.backend()         # the arguments of `terraform { backend "azurerm" { … } }`

The backend builds its address as https://<account>.blob.<suffix>, and asks a metadata host for the suffix.
The stand-in of Azure answers `@127.0.0.1:<port>/<account>`: what stands before the @ becomes user
information, and the address of loopback is dialled. Signing in is Entra's way (a token of the stand-in's)
or, with `access_key=True`, a shared key.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.support.azure_stand_in.entra import CLIENT, SECRET, STORAGE_AUDIENCE, TENANT, token
from tests.support.azure_stand_in.running import AzureStandIn
from tests.support.ports import free_port

VERSION = "3.37.0"
ACCOUNT = "anomalyctltests"
"""Not devstoreaccount1: Terraform's signer leaves that very name out of what it signs."""
CONTAINER = "tfstate"
_OLDEST_NODE = 20
_START_S = 60


@dataclass
class Azurite:
    """A server of blobs over TLS, with one account and one container."""

    folder: Path
    azure: AzureStandIn
    port: int
    key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(64)).decode())
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The account, path-style."""
        return f"https://127.0.0.1:{self.port}/{ACCOUNT}"

    def backend(self, key: str = "anomaly-detection.tfstate", *, access_key: bool = False) -> dict[str, str]:
        """The arguments of the backend; pass them as `-backend-config`."""
        arguments = {"storage_account_name": ACCOUNT, "container_name": CONTAINER, "key": key}
        return arguments if access_key else arguments | {"use_azuread_auth": "true"}

    def terraform_environ(self, *, access_key: bool = False) -> dict[str, str]:
        """What Terraform needs to find and trust it, and to sign in."""
        found = {
            "ARM_METADATA_HOSTNAME": self.azure.address.removeprefix("https://"),
            "SSL_CERT_FILE": str(self.azure.certificates.bundle),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        if access_key:
            return found | {"ARM_ACCESS_KEY": self.key}
        return found | {
            "ARM_TENANT_ID": TENANT,
            "ARM_CLIENT_ID": CLIENT,
            "ARM_CLIENT_SECRET": SECRET,
            "ARM_SUBSCRIPTION_ID": "44444444-4444-4444-8444-444444444444",
        }

    def environ(self, **more: str) -> dict[str, str]:
        """What our own commands need beside that: Azure's stand-in, with the blobs of Azurite."""
        return self.azure.environ(
            **{
                **self.terraform_environ(),
                "ANOMALYCTL_AZURE_BLOBS": f"https://127.0.0.1:{self.port}",
                **more,
            }
        )

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        """Ask it directly, signed in."""
        headers = {
            "Authorization": f"Bearer {token(STORAGE_AUDIENCE).token}",
            "x-ms-version": "2021-12-02",
            **options.pop("headers", {}),  # type: ignore[dict-item]
        }
        return httpx.request(
            method,
            self.address + path,
            headers=headers,
            verify=ssl.create_default_context(cafile=str(self.azure.certificates.authority)),
            trust_env=False,
            **options,  # type: ignore[arg-type]
        )

    def start(self) -> None:
        """Start it on its port, over the data that is there; return when it answers."""
        command = [str(_installed()), "--location", str(self.folder / "data"), "--silent", "--loose"]
        command += ["--blobHost", "127.0.0.1", "--blobPort", str(self.port), "--disableTelemetry"]
        command += [
            "--cert",
            str(self.azure.certificates.certificate),
            "--key",
            str(self.azure.certificates.key),
        ]
        command += ["--skipApiVersionCheck", "--oauth", "basic"]
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "azurite.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.key}"},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, log.read_text()
            try:
                self.request("GET", f"/{CONTAINER}?restype=container", timeout=5)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"Azurite did not answer within {_START_S} s: {log.read_text()}")

    def make_container(self, name: str = CONTAINER) -> None:
        """Make a container."""
        answer = self.request("PUT", f"/{name}?restype=container")
        assert answer.status_code in (201, 409), answer.text

    def stop(self) -> None:
        """End it well: killed, it forgets what it acknowledged in the last seconds."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)


@contextmanager
def running_azurite(folder: Path, azure: AzureStandIn) -> Iterator[Azurite]:
    """Azurite with the container `tfstate`. Skips the test where Node or the package cannot be had."""
    azurite = Azurite(folder, azure, free_port())
    azure.storage_suffix = f"@127.0.0.1:{azurite.port}/{ACCOUNT}"
    try:
        azurite.start()
        azurite.make_container()
        yield azurite
    finally:
        azurite.stop()
        azure.storage_suffix = ""


def _installed() -> Path:
    """The program, installed once per user and version, outside of the checkout."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "anomalyctl" / f"azurite-{VERSION}"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    done = folder / ".complete"
    _require_node()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done.is_file() and program.exists()):
            arguments = ["install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts"]
            try:
                subprocess.run(
                    ["npm", *arguments, f"azurite@{VERSION}"],
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=200,
                    check=True,
                )
            except subprocess.SubprocessError as error:
                said = str(getattr(error, "stderr", "") or error).strip().splitlines()
                pytest.skip(f"azurite {VERSION} cannot be installed with npm: {said[-1] if said else error}")
            done.touch()
    return program


def _require_node() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are not installed, and Azurite runs on them: apt install nodejs npm")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    major = int(re.sub(r"\D", " ", version).split()[0])
    if major < _OLDEST_NODE:
        pytest.skip(f"Azurite needs Node {_OLDEST_NODE} or newer, and this is {version.strip()}")
