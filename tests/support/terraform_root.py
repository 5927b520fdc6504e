"""The real Terraform over a copy of terraform/, with the stand-in provider or, where asked for, the real one.

    root = Root.copy_of(folder, install(folder / "azure"))
    root.init()
    root.run("apply", "-auto-approve", *root.variables("dev"))

By hand, over a fresh copy and an empty Azure:

    python -m tests.support.terraform_root plan -var-file=environments/dev.tfvars
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.azurerm.mirror import PROJECT, StandIn, install
from tests.support.hcl_blocks import Block, blocks

SOURCE = PROJECT / "terraform"
REAL_PROVIDER = os.environ.get("ANOMALYCTL_TEST_AZURERM") == "real"
_OUTSIDE = ("TF_", "ARM_", "AZURE_", "STAND_IN_")
_LEFT_BEHIND = shutil.ignore_patterns(
    ".terraform", ".terraform.lock.hcl", "*.tfstate*", "*.tfplan", "terraform.tfvars"
)


@dataclass(frozen=True)
class Run:
    """What one command of Terraform's did."""

    arguments: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Its output as one JSON document."""
        return json.loads(self.stdout)

    def events(self) -> list[dict[str, Any]]:
        """Its output as JSON lines (-json of plan, apply, test)."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.startswith("{")]

    def __str__(self) -> str:
        return (
            f"terraform {' '.join(self.arguments)} ended with {self.exit_code}\n{self.stdout}\n{self.stderr}"
        )


@dataclass(frozen=True)
class Root:
    """A private copy of the root module, and what its commands run with."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def copy_of(cls, folder: Path, stand_in: StandIn | None, source: Path = SOURCE) -> Root:
        """Copy the module into folder/terraform; without a stand-in the real provider is used."""
        copy = folder / "terraform"
        shutil.copytree(source, copy, ignore=_LEFT_BEHIND)
        return cls(copy, clean_environment() | (stand_in.environment() if stand_in else _outside_provider()))

    def run(self, *arguments: str, expect: int | None = 0, set: dict[str, str] | None = None) -> Run:
        """Run a command without a terminal; another exit code than the expected one fails the test."""
        done = subprocess.run(
            ["terraform", arguments[0], *_plain(arguments[0]), *arguments[1:]],
            cwd=self.folder,
            env=self.environment | (set or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        run = Run(arguments, done.returncode, done.stdout, done.stderr)
        assert expect is None or run.exit_code == expect, str(run)
        return run

    def init(self) -> Run:
        """Initialise without a backend: the state stays in the copy."""
        (self.folder / "zz_local_backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        return self.run("init")

    def variables(self, environment: str) -> list[str]:
        """The arguments that choose an environment."""
        return [f"-var-file=environments/{environment}.tfvars"]

    def plan(self, *arguments: str) -> dict[str, Any]:
        """Plan, and give the plan as `terraform show -json` tells it."""
        self.run("plan", "-out=kept.tfplan", *arguments)
        plan: dict[str, Any] = self.run("show", "-json", "kept.tfplan").json()
        return plan

    def addresses(self) -> list[str]:
        """What the state holds."""
        return self.run("state", "list", expect=None).stdout.splitlines()

    def lift_protection(self) -> list[str]:
        """Override prevent_destroy of every resource that has it, in this copy; returns their addresses."""
        protected = [
            block for block in blocks(self.folder, "resource") if block.says(r"prevent_destroy\s*=\s*true")
        ]
        (self.folder / "zz_unprotected_override.tf").write_text("\n".join(map(_override, protected)))
        return [block.address for block in protected]


def clean_environment() -> dict[str, str]:
    """This process's environment without what would steer Terraform from outside."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_OUTSIDE)}
    return kept | {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}


def _outside_provider() -> dict[str, str]:
    """The real provider comes from wherever this machine's own configuration says."""
    return {
        key: os.environ[key] for key in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR") if key in os.environ
    }


def _plain(command: str) -> list[str]:
    return (
        ["-no-color"]
        if command in ("init", "validate", "plan", "apply", "destroy", "test", "show", "import")
        else []
    )


def _override(block: Block) -> str:
    kind, name = block.labels
    return f'resource "{kind}" "{name}" {{\n  lifecycle {{\n    prevent_destroy = false\n  }}\n}}\n'


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        by_hand = Root.copy_of(Path(temporary), install(Path(temporary) / "azure"))
        by_hand.init()
        told = by_hand.run(*sys.argv[1:], expect=None)
        sys.stdout.write(told.stdout)
        sys.stderr.write(told.stderr)
        sys.exit(told.exit_code)
