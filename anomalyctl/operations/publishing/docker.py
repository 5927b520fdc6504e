"""Building the images with the Docker of this machine, and pushing them with Entra: no password is stored."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from anomalyctl.azure.container_registry import BuildRefused, ImageBuild
from anomalyctl.errors import MissingTool, TimedOut
from anomalyctl.operations.publishing.content import files_below
from anomalyctl.operations.publishing.registry import refresh_token
from anomalyctl.operations.publishing.target import Target
from anomalyctl.processes.output import last_lines, open_output

_LIMIT_S: Final = 1800
_ENTRA_USER: Final = "00000000-0000-0000-0000-000000000000"
"""Whom a registry expects where the password is a token of its own."""


def build_and_push(target: Target, server: str, images: Sequence[ImageBuild], sources: Sequence[str]) -> None:
    """Build each image for linux/amd64 from a copy of `sources`, and push it.

    Raises MissingTool where no Docker engine answers, BuildRefused with the last line, TimedOut.
    """
    docker = _docker(target)
    context = target.work / "sources"
    root = target.place.project.root
    for file in files_below(root, sources):
        (context / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, context / file)
    configuration = target.work / "docker"
    configuration.mkdir(mode=0o700)
    _sign_in(target, docker, server, configuration)
    for image in images:
        name = f"{server}/{image.name}"
        target.progress.step(f"Docker builds {image.name}")
        build = ("build", "--platform", "linux/amd64", "--file", image.dockerfile, "--tag", name, ".")
        _run(target, docker, build, context, configuration, image.name)
        target.progress.step(f"Docker pushes {image.name}")
        _run(target, docker, ("push", "--quiet", name), context, configuration, image.name)
        target.progress.done(f"Docker has built and pushed {image.name}")


def _docker(target: Target) -> str:
    docker = shutil.which("docker", path=target.environ.get("PATH"))
    try:
        answers = (
            docker
            and not subprocess.run(
                [docker, "version", "--format", "{{.Server.Version}}"],
                capture_output=True,
                env=dict(target.environ),
                stdin=subprocess.DEVNULL,
                timeout=20,
                check=False,
            ).returncode
        )
    except subprocess.TimeoutExpired:
        answers = False
    if not docker or not answers:
        raise MissingTool(
            "No Docker engine answers on this machine.",
            hint="Start Docker, or leave --local-build out: the registry builds by itself.",
        )
    return docker


def _sign_in(target: Target, docker: str, server: str, configuration: Path) -> None:
    """Docker keeps what it signs in with in a file: here in a folder of ours that is gone afterwards."""
    password = refresh_token(target, server)
    done = subprocess.run(
        [docker, "login", server, "--username", _ENTRA_USER, "--password-stdin"],
        input=password,
        text=True,
        capture_output=True,
        env=_environment(target, configuration),
        timeout=60,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says not why"])[-1]
        raise BuildRefused(f"Docker does not get into {server}: {said}", hint="Ask for the role AcrPush.")


def _run(
    target: Target, docker: str, arguments: Sequence[str], context: Path, configuration: Path, image: str
) -> None:
    log = target.run.folder / "docker.log"
    output = open_output(log)
    try:
        done = subprocess.run(
            [docker, *arguments],
            cwd=context,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=_environment(target, configuration),
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimedOut(f"Docker has not finished {image} in time.", hint=f"See: {log}") from None
    finally:
        os.close(output)
    if done.returncode:
        said = next(
            (line.strip() for line in reversed(last_lines(log, 20)) if line.strip()), "it says not why"
        )
        raise BuildRefused(f"Docker could not {arguments[0]} {image}: {said[:200]}", hint=f"See: {log}")


def _environment(target: Target, configuration: Path) -> dict[str, str]:
    """Docker's own configuration, but for what it knows of registries; an engine elsewhere stays known."""
    file = configuration / "config.json"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps({"auths": {}}))
    return {**target.environ, "DOCKER_CONFIG": str(configuration)}
