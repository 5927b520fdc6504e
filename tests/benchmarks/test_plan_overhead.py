"""What anomalyctl adds to `terraform plan` over the system's whole infrastructure."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.azurerm.mirror import install
from tests.support.terraform_root import SOURCE, clean_environment

pytestmark = pytest.mark.benchmark
ROUNDS = 5
RATIO, FIXED_S = 1.10, 0.150


@pytest.mark.parametrize("case", ["everything-to-create", "something-to-change", "nothing-to-do"])
def test_a_plan_costs_little_more_than_terraforms_own(tmp_path: Path, case: str) -> None:
    root = tmp_path / "project"
    shutil.copytree(SOURCE, root / "terraform", ignore=shutil.ignore_patterns(".terraform*", "tests"))
    (root / "terraform" / "environments" / "backend_override.tf").write_text(
        'terraform {\n  backend "local" {}\n}\n'
    )
    environ = (
        clean_environment() | install(tmp_path / "azure").environment() | {"ANOMALYCTL_PROJECT": str(root)}
    )
    for name in ("TF_INPUT", "TF_IN_AUTOMATION"):
        environ.pop(name, None)
    ours = [sys.executable, "-m", "anomalyctl", "plan", "--env", "dev", "--quiet", "--output", "json"]
    if case == "everything-to-create":
        _run(ours, root, environ)  # once, so that both find everything initialised
    else:
        _run([*ours[:3], "deploy", "--env", "dev", "--yes", "--quiet"], root, environ)
    if case == "something-to-change":
        environ["TF_VAR_additional_tags"] = '{"changed" = "everywhere"}'
    here = root / ".anomalyctl" / "dev"
    bare = [
        "terraform",
        "plan",
        "-input=false",
        f"-out={tmp_path}/bare.tfplan",
        "-var-file=environments/dev.tfvars",
    ]
    times: dict[str, list[float]] = {"bare": [], "ours": []}
    for _ in range(ROUNDS):  # by turns: what else the machine does meets both
        times["bare"].append(_run(bare, here / "root", environ | {"TF_DATA_DIR": str(here / "data")}))
        times["ours"].append(_run(ours, root, environ))
    plain, wrapped = (statistics.median(times[name]) for name in ("bare", "ours"))
    bound = plain * RATIO + FIXED_S
    held = "held" if wrapped <= bound else "not held"
    print(
        f"\n{case}: terraform plan {plain:.2f} s, anomalyctl plan {wrapped:.2f} s; "
        f"{wrapped / plain:.2f} times; aim {RATIO} times + {FIXED_S * 1000:.0f} ms = {bound:.2f} s: {held}"
    )


def _run(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return time.perf_counter() - began
