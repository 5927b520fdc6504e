"""Installs the stand-in where the real Terraform looks for providers: a mirror named by a CLI configuration.

`install(folder)` writes into an empty folder; `environment()` is what Terraform's commands then need.
Each installation is an Azure of its own: `cloud` shows what exists there, `trouble(…)` spoils it.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.azurerm.cloud import Cloud
from tests.support.azurerm.schema import provider_schema

PROJECT = Path(__file__).parents[3]
SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
_CLI_CONFIG = """
disable_checkpoint = true

provider_installation {{
  filesystem_mirror {{
    path = "{mirror}"
  }}
}}
"""


@dataclass(frozen=True)
class StandIn:
    """An installed stand-in and its Azure."""

    folder: Path

    @property
    def cli_config(self) -> Path:
        """The CLI configuration file that sends Terraform here."""
        return self.folder / "terraform.rc"

    @property
    def cloud(self) -> Cloud:
        """What exists in this Azure."""
        return Cloud(self.folder)

    def environment(self) -> dict[str, str]:
        """The variables that Terraform needs to find the stand-in and to take it for a subscription."""
        return {"TF_CLI_CONFIG_FILE": str(self.cli_config), "ARM_SUBSCRIPTION_ID": SUBSCRIPTION}

    @contextmanager
    def staying(self) -> Iterator[dict[str, str]]:
        """Run one provider for many commands; gives the environment that leads them to it.

        Terraform starts a provider two or three times a command; where many commands only ask, this halves
        their time. What depends on being started, stopped or killed must not use it.
        """
        command = [sys.executable, "-m", "tests.support.azurerm.serving", str(self.folder), "--stay"]
        variables = os.environ | self.environment()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=PROJECT, env=variables, text=True
        ) as process:
            assert process.stdout
            try:
                yield self.environment() | {"TF_REATTACH_PROVIDERS": process.stdout.readline().strip()}
            finally:
                process.terminate()

    def give(self, facts: dict[str, dict[str, Any]]) -> None:
        """Say what Azure computes: by type, values of attributes as in knowledge.toml, such as an address."""
        (self.folder / "given.json").write_text(json.dumps(facts))

    def trouble(self, **wishes: list[dict[str, Any]]) -> None:
        """Ask for troubles (slow, fail, drift, die; see troubles.py); none at all ends them."""
        shutil.rmtree(self.folder / "spent", ignore_errors=True)
        (self.folder / "troubles.json").write_text(json.dumps(wishes))


def install(folder: Path) -> StandIn:
    """Write mirror, launcher, certificate and CLI configuration into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    version = provider_schema().version
    place = folder / "mirror/registry.terraform.io/hashicorp/azurerm" / version / _target()
    place.mkdir(parents=True)
    launcher = place / f"terraform-provider-azurerm_v{version}"
    launcher.write_text(
        f"#!/bin/sh\nexport PYTHONPATH='{PROJECT}'\n"
        f"exec '{sys.executable}' -m tests.support.azurerm.serving '{folder}'\n"
    )
    launcher.chmod(0o755)
    _write_certificate(folder)
    stand_in = StandIn(folder)
    stand_in.cli_config.write_text(_CLI_CONFIG.format(mirror=folder / "mirror"))
    return stand_in


def _target() -> str:
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{architecture}"


def _write_certificate(folder: Path) -> None:
    """Terraform insists on TLS with its plugins; it takes whatever certificate the handshake shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file = folder / "key.pem"
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
