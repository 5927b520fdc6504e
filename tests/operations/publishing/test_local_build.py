"""Images built by the Docker of this machine; a program that notes how it is called stands in for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.container_registry import BuildRefused
from tests.support.azure_stand_in.publishing import REGISTRY_TOKEN

DOCKER = """#!/bin/sh
echo "$DOCKER_CONFIG $*" >> "{calls}"
case "$1" in
  login) cat > "{password}" ;;
  build) test -f "$5" || {{ echo "no $5 here"; exit 1; }}; find . -type f >> "{context}" ;;
  push) test ! -f "{refuse}" || {{ echo "denied: requested access is denied"; exit 1; }} ;;
esac
"""


@pytest.fixture
def docker(checkout: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the program and its notes."""
    folder: Path = checkout.root.parent / "docker"
    folder.mkdir()
    program = folder / "docker"
    names = {name: folder / name for name in ("calls", "password", "context", "refuse")}
    program.write_text(DOCKER.format(**names))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_both_images_are_built_pushed_and_run(checkout: Any, docker: Path) -> None:
    commit = checkout.commit()
    (part,) = checkout.publish("detectors", local_build=True).parts
    assert part.outcome == "published"
    server = checkout.services.login_server
    calls = (docker / "calls").read_text()
    for name in ("detectors", "anomalyctl"):
        assert f"--tag {server}/{name}:{commit} ." in calls
        assert f"push --quiet {server}/{name}:{commit}" in calls
    assert checkout.services.image() == f"{server}/detectors:{commit}"
    assert checkout.services.builds == []
    assert not [
        name for name in (docker / "context").read_text().split() if name.endswith((".tf", ".tfvars"))
    ]


def test_docker_signs_in_with_entra_beside_the_users_own_configuration(checkout: Any, docker: Path) -> None:
    checkout.commit()
    checkout.publish("detectors", local_build=True)
    calls = (docker / "calls").read_text()
    assert (docker / "password").read_text() == REGISTRY_TOKEN
    assert REGISTRY_TOKEN not in calls
    configurations = {line.split(" ")[0] for line in calls.splitlines() if " login " in line}
    assert not any(Path(configuration).exists() for configuration in configurations)


def test_a_push_that_is_refused_is_told_with_dockers_words(checkout: Any, docker: Path) -> None:
    checkout.commit()
    (docker / "refuse").touch()
    with pytest.raises(BuildRefused, match="denied: requested access is denied"):
        checkout.publish("detectors", local_build=True)
    assert "quickstart" in checkout.services.image()
