"""`restore` at the command line: what it refuses, and what it asks before it deletes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from anomalyctl.operations.restoring.journal import Phase, Restore
from tests.support.command_line import CommandLine

SUBSCRIPTION = "44444444-4444-4444-8444-444444444444"


def error_of(done: object) -> dict[str, str]:
    return json.loads(done.stderr.splitlines()[-1])["error"]  # type: ignore[attr-defined]


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", SUBSCRIPTION)
    return CommandLine(tmp_path / "project")


def journal(tmp_path: Path, phase: Phase, environment: str = "dev") -> None:
    group = "/subscriptions/x/databaseAccounts"
    restore = Restore(
        run="R",
        at="2026-11-20T09:30:00Z",
        source="S",
        old_id=f"{group}/cosno-old",
        new_id=f"{group}/cosno-old-r1a2b",
        phase=phase,
        switched_at="2026-11-20T12:00:00Z",
    )
    folder = tmp_path / "project" / ".anomalyctl" / environment
    folder.mkdir(parents=True)
    (folder / "restore.json").write_text(json.dumps(asdict(restore)))


def test_local_is_refused_with_what_helps_there(line: CommandLine) -> None:
    done = line("restore", "cosmos", "--at", "now-2h", "--output", "json")
    assert done.returncode == 6
    assert "docs/runbooks/data-corruption.md" in error_of(done)["hint"]
    assert (Path(__file__).parents[2] / "docs/runbooks/data-corruption.md").is_file()


def test_one_thing_at_a_time(line: CommandLine) -> None:
    assert line("restore", "cosmos", "--back", "--finish", "--env", "dev").returncode == 64


def test_without_a_time_there_must_be_something_to_go_on_with(line: CommandLine) -> None:
    done = line("restore", "cosmos", "--env", "dev", "--yes", "--output", "json")
    assert done.returncode == 64
    assert "--at now-2h" in error_of(done)["hint"]


def test_a_protected_environment_wants_its_name(line: CommandLine) -> None:
    done = line("restore", "cosmos", "--at", "now-2h", "--env", "prod", "--yes", "--no-input")
    assert done.returncode == 3
    assert "--confirm prod" in done.stderr


def test_the_end_says_what_is_lost_and_wants_the_name(line: CommandLine, tmp_path: Path) -> None:
    journal(tmp_path, "known")
    done = line("restore", "cosmos", "--finish", "--env", "dev", "--yes", "--no-input")
    assert done.returncode == 3
    assert "cosno-old alone holds what was written after 2026-11-20T09:30:00Z" in done.stderr
    assert "older than 90 days" in done.stderr
    assert "--confirm dev" in done.stderr


def test_the_end_waits_for_the_middle(line: CommandLine, tmp_path: Path) -> None:
    journal(tmp_path, "switched")
    done = line("restore", "cosmos", "--finish", "--confirm", "dev", "--env", "dev", "--output", "json")
    assert done.returncode == 6
    assert "under way (switched)" in error_of(done)["message"]


def test_a_spoilt_journal_is_told(line: CommandLine, tmp_path: Path) -> None:
    journal(tmp_path, "known")
    (tmp_path / "project" / ".anomalyctl" / "dev" / "restore.json").write_text("{")
    done = line("restore", "cosmos", "--back", "--env", "dev", "--yes", "--output", "json")
    assert done.returncode == 6
    assert "cannot be read as a restore" in error_of(done)["message"]
