"""Node and npm on this machine: what builds and runs the dashboard."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from anomalyctl.errors import MissingTool

OLDEST_NODE: Final = (20, 9)
"""What Next.js 16 asks for."""
INSTALL: Final = "Install Node 20.9 or newer with npm (apt install nodejs npm, or https://nodejs.org)"


@dataclass(frozen=True, slots=True)
class Node:
    """The programs, and the version that a build is bound to."""

    node: str
    npm: str
    version: str


def find_node(environ: Mapping[str, str]) -> Node:
    """Node and npm from PATH. Raises MissingTool in one line where one is missing, broken or too old."""
    path = environ.get("PATH")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None:
        raise MissingTool("The dashboard needs Node, which is not installed.", hint=f"{INSTALL}.")
    version = program_version(node, environ)
    if version is None:
        raise MissingTool(f"{node} does not say its version.", hint=f"{INSTALL}.")
    dotted = ".".join(map(str, version))
    if version < OLDEST_NODE:
        raise MissingTool(f"The dashboard needs Node 20.9 or newer; {node} is {dotted}.", hint=f"{INSTALL}.")
    if npm is None:
        raise MissingTool("The dashboard needs npm, which is not installed.", hint=f"{INSTALL}.")
    return Node(node=node, npm=npm, version=dotted)


def program_version(program: str, environ: Mapping[str, str]) -> tuple[int, ...] | None:
    """The first dotted number that `program --version` prints; None where it prints none or does not run."""
    try:
        printed = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(?:\.\d+)+", printed)
    return tuple(map(int, found.group().split("."))) if found else None
