"""What the functions' package stands on: the wheel of a checkout, or the one that is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import anomalyctl
from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.publishing.functions import SITE_PACKAGES
from anomalyctl.operations.publishing.wheel import build_wheel, install_wheel, source_of_wheel

CHECKOUT = Path(__file__).parents[3]
ENTRIES = sorted(path.parent.name for path in (CHECKOUT / "services" / "functions").glob("*/function.json"))
IMPORTS = """
import importlib, json, sys
package, packages, dependencies, *names = sys.argv[1:]
sys.path[:] = [package, packages, *sys.path, dependencies]
for name in names:
    entry = importlib.import_module(name)
    assert callable(entry.main), name
    assert entry.__file__.startswith(package), entry.__file__
ours = [name for name in sys.modules if name.partition(".")[0] == "anomalyctl"]
found = {name: sys.modules[name].__file__ for name in ours}
strange = {name: path for name, path in found.items() if path and not path.startswith(packages)}
assert "anomalyctl.pipeline.worker" in found and not strange, strange
import importlib.metadata
print(importlib.metadata.version("anomalyctl"))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    work = tmp_path_factory.mktemp("wheel")
    return build_wheel(CHECKOUT, work, os.environ, work / "log")


def test_it_holds_our_code_alone_and_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        told = archive.read(next(name for name in names if name.endswith("/WHEEL"))).decode()
    assert {"anomalyctl/pipeline/worker.py", "anomalyctl/telemetry/tags.toml"} <= set(names)
    assert re.fullmatch(r"anomalyctl-[\d.]+-py3-none-any\.whl", wheel.name)
    assert "Root-Is-Purelib: true" in told, "unpacking it is installing it"
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"anomalyctl"}
    assert not [name for name in names if "_bundled" in name or ".data/" in name or "__pycache__" in name]


def test_the_entry_points_of_the_package_run_from_it_in_a_clean_interpreter(
    wheel: Path, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    packages = package / SITE_PACKAGES
    made = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "services" / "functions", package, ignore=made)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    dependencies = sysconfig.get_paths()["purelib"]  # of this machine; its .pth files are not followed
    arguments = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        IMPORTS,
        str(package),
        str(packages),
        dependencies,
        *ENTRIES,
    ]
    done = subprocess.run(
        arguments,
        cwd=tmp_path,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == anomalyctl.__version__


def test_without_a_checkout_the_installed_wheel_is_taken_with_its_metadata(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, folder = tmp_path / "site-packages", tmp_path / "packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    for made in ("_bundled/terraform/main.tf", "__pycache__/errors.cpython-312.pyc"):
        (installed / "anomalyctl" / made).parent.mkdir(parents=True)
        (installed / "anomalyctl" / made).touch()
    monkeypatch.setattr(anomalyctl, "__file__", str(installed / "anomalyctl" / "__init__.py"))
    source = source_of_wheel(installed / "anomalyctl" / "_bundled")
    assert source is None
    install_wheel(source, folder, tmp_path, os.environ, tmp_path / "log")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == names


def test_the_checkout_counts_before_the_program_that_publishes_it(tmp_path: Path) -> None:
    (tmp_path / "anomalyctl").mkdir()
    (tmp_path / "anomalyctl" / "__init__.py").touch()
    assert source_of_wheel(tmp_path) == CHECKOUT, "a folder that is no checkout of ours"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'anomalyctl'\n")
    assert source_of_wheel(tmp_path) == tmp_path
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'another'\n")
    assert source_of_wheel(tmp_path) == CHECKOUT


def test_a_checkout_that_cannot_be_built_is_told_with_the_last_words(tmp_path: Path) -> None:
    source, work = tmp_path / "checkout", tmp_path / "work"
    (source / "anomalyctl").mkdir(parents=True)
    (source / "anomalyctl" / "__init__.py").touch()
    for name in ("README.md", "LICENSE"):
        (source / name).touch()
    work.mkdir()
    (source / "pyproject.toml").write_text("[project]\nname = 'anomalyctl'\nversion = 'no version'\n")
    with pytest.raises(AnomalyctlError, match="could not be built") as failed:
        build_wheel(source, work, os.environ, work / "log")
    assert "version" in failed.value.message
    assert (work / "log").stat().st_mode & 0o077 == 0
