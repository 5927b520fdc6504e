"""How long `doctor` takes over an Azure environment: side by side, its questions hardly add up."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from anomalyctl.environments import environment_named
from anomalyctl.operations.state_backend import bootstrap_state_backend
from anomalyctl.project import Project
from tests.support.azure_stand_in.running import running_azure
from tests.support.azure_stand_in.subscription import furnish
from tests.support.certificates import Certificates
from tests.support.terraform_root import SOURCE
from tests.support.terraform_tool import require_terraform

pytestmark = pytest.mark.benchmark
ROUNDS = 5
AIM_S = 2.0
ANSWER_S = 0.1


def test_doctor_answers_within_two_seconds(tmp_path: Path) -> None:
    require_terraform()
    shutil.copytree(SOURCE, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform*", "tests"))
    (tmp_path / "terraform.tfvars").write_text('trusted_network_ranges = ["10.8.0.0/16"]\n')
    project = Project(root=tmp_path, state=tmp_path / ".anomalyctl")
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ANOMALYCTL_PROJECT": str(tmp_path)}
    with running_azure(Certificates.made_in(tmp_path)) as azure:
        furnish(azure.paper)
        dev = environment_named(project, "dev")
        bootstrap_state_backend(dev, project=project, environ=azure.environ(), sleep=lambda _: None)
        azure.paper.delay_s = ANSWER_S
        times = [_examined(kept | azure.environ()) for _ in range(ROUNDS)]
        asked = len(azure.paper.requests) // ROUNDS
    took = statistics.median(times)
    print(
        f"\ndoctor --env dev: {took:.2f} s for {asked} questions to Azure of {ANSWER_S * 1000:.0f} ms each; "
        f"aim {AIM_S:.0f} s: {'held' if took <= AIM_S else 'not held'}"
    )


def _examined(environ: dict[str, str]) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "anomalyctl", "doctor", "--env", "dev", "--output", "json"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["checks"], done.stderr
    return time.perf_counter() - began
