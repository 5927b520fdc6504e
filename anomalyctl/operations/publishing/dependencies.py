"""The locked dependencies of the functions, installed for what Azure runs rather than for this machine."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anomalyctl.errors import AnomalyctlError, MissingTool, TimedOut
from anomalyctl.processes.output import last_lines, open_output

PYTHON: Final = "3.12"
"""As `python_version` of terraform/functions.tf; a test compares."""
_LIMIT_S: Final = 900


def install_locked(lock: Path, folder: Path, environ: Mapping[str, str], log: Path) -> None:
    """Install exactly what `lock` names, by hash, as wheels for Linux, into `folder`.

    Raises MissingTool without uv and pip, AnomalyctlError with the installer's last line.
    """
    import os

    folder.mkdir(parents=True)
    output = open_output(log)
    try:
        done = subprocess.run(
            _command(lock, folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environ),
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(
            "The functions' dependencies were not installed in time.", hint=f"See: {log}"
        ) from None
    finally:
        os.close(output)
    if done.returncode:
        said = next(
            (line.strip() for line in reversed(last_lines(log, 20)) if line.strip()), "it said nothing"
        )
        raise AnomalyctlError(
            f"The functions' dependencies could not be installed: {said[:200]}",
            hint=f"See: {log}. The package index must be reachable once.",
            details={"log": str(log)},
        )


def _command(lock: Path, folder: Path) -> list[str]:
    common = [
        "--quiet",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--target",
        str(folder),
        "-r",
        str(lock),
    ]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is not None:
        machine = ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
        return [uv, "pip", "install", *machine, *common]
    if importlib.util.find_spec("pip") is None:
        raise MissingTool("The functions' package needs uv or pip.", hint="Run: pip install uv")
    machine = ["--python-version", PYTHON, "--implementation", "cp", "--disable-pip-version-check"]
    for platform in ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64", "any"):
        machine += ["--platform", platform]
    return [sys.executable, "-m", "pip", "install", *machine, *common]
