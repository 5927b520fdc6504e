"""The dashboard's own checks: types, lint and unit tests, as `npm run …` runs them."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.dashboard_driver import installed_packages


@pytest.mark.parametrize("script", ["types", "lint", "test"])
def test_the_dashboards_own_check_passes(script: str) -> None:
    done = subprocess.run(
        ["npm", "run", "--silent", script],
        cwd=installed_packages(),
        capture_output=True,
        text=True,
        timeout=230,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
    if script == "test":
        assert "# fail 0" in done.stdout
        assert "# skipped 0" in done.stdout


def test_a_unit_test_that_waits_for_ever_is_ended(tmp_path: Path) -> None:
    hanging = tmp_path / "hanging.test.ts"
    hanging.write_text(
        'import { test } from "node:test";\n'
        "setInterval(() => undefined, 1_000);\n"
        'test("waits", () => new Promise(() => undefined));\n'
    )
    folder = installed_packages()
    script = json.loads((folder / "package.json").read_text())["scripts"]["test"]
    sooner = script.replace("--test-timeout=120000", "--test-timeout=1000")
    command = shlex.split(sooner.replace("tests/*.test.ts", str(hanging)))
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "timed out after 1000ms" in done.stdout
