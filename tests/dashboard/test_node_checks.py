"""The dashboard's own checks: types, lint and unit tests, as `npm run …` runs them."""

from __future__ import annotations

import subprocess

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
