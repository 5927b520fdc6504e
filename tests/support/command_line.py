"""anomalyctl as a user calls it, in a project of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]


class CommandLine:
    """A project folder with our allow-list and services, and the commands run in it."""

    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        self.environment = environment
        (root / "terraform").mkdir(parents=True)
        (root / "terraform" / "environments").symlink_to(CHECKOUT / "terraform" / "environments")
        (root / "services").symlink_to(CHECKOUT / "services")

    def __call__(self, *arguments: str, timeout_s: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a command line with nobody to ask."""
        return subprocess.run(
            [sys.executable, "-m", "anomalyctl", *arguments],
            env={**os.environ, "ANOMALYCTL_PROJECT": str(self.root), "NO_COLOR": "1", **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def document(self, *arguments: str) -> Any:
        """The JSON that a command writes; it must end well."""
        done = self(*arguments, "--output", "json")
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)
