"""`publish` and `dashboard` at the command line: words, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.command_line import CommandLine


def test_publishing_to_local_is_refused_with_the_next_step(tmp_path: Path) -> None:
    done = CommandLine(tmp_path / "project")("publish", "--output", "json")
    assert done.returncode == 6
    assert "Azure" in json.loads(done.stderr.splitlines()[-1])["error"]["hint"]


def test_an_unknown_part_is_a_usage_error(tmp_path: Path) -> None:
    done = CommandLine(tmp_path / "project")("publish", "detektors", "--env", "dev")
    assert done.returncode == 64
    assert "detectors, functions, dashboard, all" in done.stderr


def test_a_protected_environment_is_not_published_to_without_a_yes(tmp_path: Path) -> None:
    done = CommandLine(tmp_path / "project")("publish", "--env", "prod", "--no-input")
    assert done.returncode == 3
    assert "--yes" in done.stderr


def test_a_dashboard_that_is_not_there_is_told_with_the_next_step(tmp_path: Path) -> None:
    done = CommandLine(tmp_path / "project")("dashboard", "--output", "json")
    assert done.returncode == 6
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert error["code"] == "not_deployed"
    assert "anomalyctl deploy" in error["hint"]
