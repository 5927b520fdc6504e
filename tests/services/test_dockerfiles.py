"""The images: what goes in, as whom it runs, and that it is the same tomorrow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from anomalyctl.operations.publishing.content import files_below
from anomalyctl.operations.publishing.dependencies import PYTHON
from anomalyctl.operations.publishing.detectors import IMAGES, SOURCES

CHECKOUT = Path(__file__).parents[2]
EXTRAS = {"detectors": "detectors", "anomalyctl": "functions"}
"""By image: the extra of pyproject.toml that its lock is made for."""


def instructions(image: str) -> list[tuple[str, str]]:
    text = (CHECKOUT / IMAGES[image]).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


@pytest.fixture(params=sorted(IMAGES))
def image(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_is_copied_is_in_the_sources_that_are_sent_and_by_name(image: str) -> None:
    sent = {path.as_posix() for path in files_below(CHECKOUT, SOURCES)}
    for kind, told in instructions(image):
        if kind == "COPY" and not told.startswith("--from"):
            for source in told.split()[:-1]:
                assert source in sent or any(name.startswith(f"{source}/") for name in sent), source
                assert source not in (".", "./", "*")
    assert IMAGES[image] in sent


def test_the_base_is_named_by_digest_and_is_the_python_of_the_functions(image: str) -> None:
    bases = [told for kind, told in instructions(image) if kind == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.match(
            rf"python:{re.escape(PYTHON)}\.\d+-slim-bookworm@sha256:[0-9a-f]{{64}}( AS \w+)?$", base
        )
    assert bases[0].split()[0] == bases[1]


def test_nobody_runs_as_root_and_nothing_secret_is_built_in(image: str) -> None:
    told = instructions(image)
    last = max(number for number, (kind, _) in enumerate(told) if kind == "FROM")
    assert [words for kind, words in told[last:] if kind == "USER"] == ["10001"]
    assert not [words for kind, words in told if kind == "ARG" or "--mount=type=secret" in words]
    settings = " ".join(words for kind, words in told if kind == "ENV")
    assert not re.search(r"TOKEN|SECRET|PASSWORD|KEY|CONNECTION", settings)


def test_dependencies_are_installed_by_hash_and_the_wheel_alone_after_them(image: str) -> None:
    told = instructions(image)
    runs = [words for kind, words in told if kind == "RUN" and "pip install" in words]
    assert "--require-hashes --only-binary :all: -r /requirements.lock" in runs[0]
    assert "--no-deps --no-index /wheels/*.whl" in runs[1]
    assert ("COPY", f"services/{EXTRAS[image]}/requirements.lock /requirements.lock") in told


@pytest.mark.parametrize("extra", sorted(set(EXTRAS.values())))
def test_each_dependency_is_locked(extra: str) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"][extra]]
    names = {found[0].lower() for one in wanted if (found := re.match(r"[\w-]+", one))}
    lock = (CHECKOUT / "services" / extra / "requirements.lock").read_text()
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", lock, re.MULTILINE)}
    assert names - locked == {"python-terraform"}, "it has no wheel, and no service needs Terraform"
    assert lock.count("--hash=sha256:") >= len(locked)


IN_THE_JOB = """
import sys
installed, dependencies = sys.argv[1:]
sys.path[:] = [installed, *sys.path, dependencies]
from anomalyctl.operations.report.job_connections import JOB, connect_in_job
found = connect_in_job("prod", {JOB: "job-wells-prod"})
assert found is not None and found.environment.name == "prod" and found.project.bundled, found
print(found.project.root)
"""


def test_the_jobs_image_knows_its_environment_without_a_checkout(tmp_path: Path) -> None:
    """`report` asks which environment it is for; an image without their list would end each night there."""
    context, installed = tmp_path / "context", tmp_path / "installed"
    last = [number for number, (kind, _) in enumerate(instructions("anomalyctl")) if kind == "FROM"][1]
    for kind, told in instructions("anomalyctl")[:last]:
        if kind == "COPY":
            *sources, target = told.split()
            for source in sources:
                place = context / target
                if (CHECKOUT / source).is_dir():
                    shutil.copytree(CHECKOUT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(CHECKOUT / source, place)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=context, check=True, capture_output=True, timeout=120)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    dependencies = sysconfig.get_paths()["purelib"]
    arguments = [sys.executable, "-I", "-S", "-c", IN_THE_JOB, str(installed), dependencies]
    environ = {"PATH": os.defpath, "HOME": str(tmp_path)}
    done = subprocess.run(
        arguments, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(installed / "anomalyctl" / "_bundled")
