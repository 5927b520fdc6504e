"""What travels in the wheel: what a machine without a checkout needs; nothing made there, and no secret."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
MADE = {
    "services/dashboard/node_modules/next/index.js": "made",
    "services/dashboard/.next/BUILD_ID": "made",
    "services/dashboard/.env.local": "SECRET=1",
    "terraform/.terraform/providers/big": "made",
    "terraform/terraform.tfvars": "made",
    "terraform/terraform.tfstate": "{}",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from a checkout that somebody has worked in."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", ".gitignore", "README.md", "LICENSE"):
        shutil.copy2(CHECKOUT / name, root / name)
    for folder in ("anomalyctl", "services", "terraform"):
        ignored = shutil.ignore_patterns("node_modules", ".next", "__pycache__", ".terraform")
        shutil.copytree(CHECKOUT / folder, root / folder, ignore=ignored)
    for name, text in MADE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    done = subprocess.run(build, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = (root / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", ["services", "terraform"])
def test_each_file_under_version_control_travels(names: set[str], folder: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files", folder], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.split()
    if not listed:
        pytest.skip("not in a git checkout: there is no list to compare with")
    missing = {name for name in listed if f"anomalyctl/_bundled/{name}" not in names}
    assert missing == set()


def test_nothing_made_and_no_secret_travels(names: set[str]) -> None:
    assert {name for name in MADE if f"anomalyctl/_bundled/{name}" in names} == set()
    assert not [name for name in names if "node_modules" in name or "__pycache__" in name]
