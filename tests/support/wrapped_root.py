"""A Terraform root of a test's own, worked on by anomalyctl as a process of its own: to be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.terraform_tool import require_terraform

_PATIENCE_S = 30.0

SLOW_CHAIN = """
resource "terraform_data" "first" { input = 1 }
resource "terraform_data" "slow" {
  input = terraform_data.first.id
  provisioner "local-exec" { command = "sleep 3" }
}
resource "terraform_data" "last" { input = terraform_data.slow.id }
"""
"""Three resources, one after the other; the second takes 3 s."""


class WrappedRoot:
    """A root and the command lines that are run over it."""

    def __init__(self, folder: Path, hcl: str) -> None:
        require_terraform()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.write(hcl)

    def write(self, hcl: str) -> None:
        (self.folder / "main.tf").write_text(hcl)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start anomalyctl with nobody to ask, in a session of its own."""
        return subprocess.Popen(
            self._argv(arguments),
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run anomalyctl to its end."""
        return subprocess.run(
            self._argv(arguments),
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def document(self, *arguments: str, expect: int = 0, **environment: str) -> Any:
        """The JSON of a command that ends as expected."""
        done = self.run(*arguments, "--output", "json", **environment)
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def error(self, *arguments: str, expect: int, **environment: str) -> Any:
        """The error of a command that fails as expected."""
        done = self.run(*arguments, "--output", "json", **environment)
        assert done.returncode == expect, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stderr.splitlines()[-1])["error"]

    def events(self, command: str = "apply") -> list[dict[str, Any]]:
        """What Terraform has told so far in the last run of a command."""
        found = sorted(self.folder.glob(f".anomalyctl/runs/*/*-{command}.jsonl"))
        lines = found[-1].read_text().splitlines() if found else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def status(self, command: str = "apply") -> dict[str, Any]:
        """What the guardian has kept of the last run of a command."""
        found = sorted(self.folder.glob(f".anomalyctl/runs/*/*-{command}.status.json"))
        text = found[-1].read_text() if found else ""
        return json.loads(text) if text.strip() else {}

    def wait_for_start_of(self, address: str) -> None:
        """Until Terraform has begun with a resource."""
        wait_until(
            lambda: any(self._is_start(event, address) for event in self.events()), f"{address} to begin"
        )

    def wait_for_the_end(self, command: str = "apply") -> dict[str, Any]:
        """Until Terraform has ended, whoever waits for it or not."""
        wait_until(lambda: self.status(command).get("exit_code") is not None, "Terraform to end")
        return self.status(command)

    @staticmethod
    def _is_start(event: dict[str, Any], address: str) -> bool:
        return bool(event.get("type") == "apply_start" and event["hook"]["resource"]["addr"] == address)

    def _argv(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "anomalyctl", *arguments, "--project", str(self.folder)]

    def _environment(self, extra: dict[str, str]) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "ANOMALYCTL_"))}
        return kept | {"NO_COLOR": "1"} | extra


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again, for at most half a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def end(process: subprocess.Popen[str], signum: signal.Signals) -> tuple[int, str]:
    """Send a signal; the exit code and what was said on stderr."""
    process.send_signal(signum)
    _, errors = process.communicate(timeout=_PATIENCE_S)
    return process.returncode, errors
