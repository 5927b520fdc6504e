"""Finds Terraform and holds its version against what the configuration requires."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anomalyctl.errors import MissingTool, PreconditionFailed

OLDEST: Final = (1, 11, 0)
"""Write-only attributes and the JSON of `init` begin there."""
_HOW_TO_GET: Final = (
    "Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) and put it on PATH, "
    "or name it with ANOMALYCTL_TERRAFORM."
)
_CONSTRAINT: Final = re.compile(r"\s*(>=|<=|!=|~>|>|<|=|)\s*v?(\d+(?:\.\d+){0,2})(-[\w.]+)?\s*")

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Binary:
    """A Terraform that can be run."""

    path: Path
    version: Version

    @property
    def dotted(self) -> str:
        """The version as people write it."""
        return ".".join(map(str, self.version))


def find_terraform(environ: Mapping[str, str], *, cache: Path, required: tuple[str, ...] = ()) -> Binary:
    """ANOMALYCTL_TERRAFORM, else the first `terraform` on PATH, in a version that every constraint allows.

    The version is remembered in `cache` by path, size and time: asking costs 50 ms.
    Raises MissingTool where there is none, PreconditionFailed where the version does not fit.
    """
    named = environ.get("ANOMALYCTL_TERRAFORM", "")
    found = shutil.which(named or "terraform", path=environ.get("PATH"))
    if found is None:
        missing = (
            f"ANOMALYCTL_TERRAFORM names {named}, which is no program" if named else "Terraform is missing"
        )
        raise MissingTool(f"{missing}.", hint=_HOW_TO_GET)
    path = Path(found).resolve()
    version = _remembered(path, cache) or _ask(path, cache)
    binary = Binary(path, version)
    for constraint in (f">= {'.'.join(map(str, OLDEST))}", *required):
        if not allows(constraint, version):
            raise PreconditionFailed(
                f"{path} is Terraform {binary.dotted}; “{constraint}” is required.", hint=_HOW_TO_GET
            )
    return binary


def allows(constraint: str, version: Version) -> bool:
    """Say whether a version constraint of Terraform's (`>= 1.11, < 2.0`, `~> 1.11.2`) allows a version."""
    return all(_allows_one(part, version) for part in constraint.split(",") if part.strip())


def _allows_one(part: str, version: Version) -> bool:
    match = _CONSTRAINT.fullmatch(part)
    if match is None:
        return True  # Terraform judges what we cannot read
    operator, digits = match.group(1) or "=", [int(number) for number in match.group(2).split(".")]
    major, minor, patch = [*digits, 0, 0][:3]
    wanted: Version = major, minor, patch
    if operator == "~>":
        return version >= wanted and version[: max(1, len(digits) - 1)] == wanted[: max(1, len(digits) - 1)]
    return {
        ">=": version >= wanted,
        "<=": version <= wanted,
        ">": version > wanted,
        "<": version < wanted,
        "!=": version != wanted,
        "=": version == wanted,
    }[operator]


def _remembered(path: Path, cache: Path) -> Version | None:
    try:
        mark, _, version = cache.read_text(encoding="utf-8").partition("\n")
        if mark == _mark(path):
            major, minor, patch = (int(number) for number in version.split("."))
            return major, minor, patch
    except (OSError, ValueError):
        pass
    return None


def _ask(path: Path, cache: Path) -> Version:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    try:
        printed = subprocess.run(
            [path, "version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            stdin=subprocess.DEVNULL,
            env=environment | {"CHECKPOINT_DISABLE": "1"},
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingTool(f"{path} does not run: {error}.", hint=_HOW_TO_GET) from None
    match = re.search(r"^(?:Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+)", printed, re.MULTILINE)
    if match is None:
        raise MissingTool(f"{path} does not say which Terraform it is.", hint=_HOW_TO_GET)
    version = int(match[1]), int(match[2]), int(match[3])
    try:
        cache.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        cache.write_text(f"{_mark(path)}\n{'.'.join(map(str, version))}", encoding="utf-8")
    except OSError:
        pass  # asked again next time
    return version


def _mark(path: Path) -> str:
    found = path.stat()
    return f"{path} {found.st_size} {found.st_mtime_ns}"
