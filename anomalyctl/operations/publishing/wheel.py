"""The project's own wheel: built from a checkout, or the one that is installed here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import anomalyctl
from anomalyctl.errors import AnomalyctlError, MissingTool, TimedOut
from anomalyctl.operations.publishing.content import files_below
from anomalyctl.processes.output import last_lines, open_output

CODE: Final = ("anomalyctl", "pyproject.toml")
"""What decides the wheel's content."""
SOURCES: Final = ("LICENSE", "README.md", *CODE)
"""What it is built from: page and licence are told in its metadata."""
_LIMIT_S: Final = 300


def source_of_wheel(project: Path) -> Path | None:
    """The checkout that the wheel is built from: the project's, else the one that this program runs from;
    None where it runs from an installed wheel.
    """
    beside = Path(anomalyctl.__file__).parent.parent
    return next((root for root in (project, beside) if _is_checkout(root)), None)


def install_wheel(
    source: Path | None, folder: Path, work: Path, environ: Mapping[str, str], log: Path
) -> None:
    """Put what the wheel holds into `folder`, with its metadata. Without a source, what is installed here.

    Raises MissingTool without a tool to build it, AnomalyctlError with the build's last line, TimedOut.
    """
    if source is None:
        _copy_installed(folder)
        return
    with zipfile.ZipFile(build_wheel(source, work, environ, log)) as wheel:
        wheel.extractall(folder)  # of pure Python: nothing to compile or to move


def build_wheel(source: Path, work: Path, environ: Mapping[str, str], log: Path) -> Path:
    """The wheel of a checkout, built from a copy: nobody's other files, and nothing is left in the checkout.

    Raises as `install_wheel`.
    """
    copy, built = work / "wheel-sources", work / "wheel"
    for file in files_below(source, SOURCES):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / file, copy / file)
    output = open_output(log)
    try:
        done = subprocess.run(
            _command(copy, built),
            cwd=copy,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environ),
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut("The project's wheel was not built in time.", hint=f"See: {log}") from None
    finally:
        os.close(output)
    wheels = list(built.glob("anomalyctl-*-none-any.whl"))
    if done.returncode or len(wheels) != 1:
        said = next(
            (line.strip() for line in reversed(last_lines(log, 20)) if line.strip()), "it says not why"
        )
        raise AnomalyctlError(
            f"The project's wheel could not be built: {said[:200]}",
            hint=f"See: {log}. The package index must be reachable, or hatchling be installed here.",
            details={"log": str(log)},
        )
    return wheels[0]


def _is_checkout(root: Path) -> bool:
    try:
        told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    named = (told.get("project") or {}).get("name") == "anomalyctl"
    return named and (root / "anomalyctl" / "__init__.py").is_file()


def _command(copy: Path, built: Path) -> list[str]:
    if (
        importlib.util.find_spec("hatchling") is not None
    ):  # what pyproject.toml builds with: no index is asked
        return [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is not None:
        return [uv, "build", "--wheel", "--quiet", "--out-dir", str(built), str(copy)]
    if importlib.util.find_spec("pip") is None:
        raise MissingTool("The project's wheel needs uv or pip to be built.", hint="Run: pip install uv")
    quiet = ("--quiet", "--disable-pip-version-check")
    return [sys.executable, "-m", "pip", "wheel", *quiet, "--no-deps", "--wheel-dir", str(built), str(copy)]


def _copy_installed(folder: Path) -> None:
    """The wheel that this program was installed from, file by file; its copy of a project stays behind."""
    package = Path(anomalyctl.__file__).parent
    parts = [package.name]
    for distribution in importlib.metadata.distributions(name="anomalyctl", path=[str(package.parent)]):
        parts += [found.parts[0] for found in distribution.files or () if found.name == "METADATA"]
    for file in files_below(package.parent, parts):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(package.parent / file, folder / file)
