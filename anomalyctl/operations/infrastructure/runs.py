"""What was done before, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from anomalyctl.environments import environment_named
from anomalyctl.project import Project, find_project
from anomalyctl.provisioning.ledger import Ledger, Run
from anomalyctl.provisioning.run_ids import correlation_id


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run, in short."""

    id: str
    command: str
    environment: str
    outcome: str
    started_at: datetime
    took_s: float | None
    user: str
    host: str
    error: str


@dataclass(frozen=True, slots=True)
class RunShown:
    """One run, whole."""

    run: RunLine
    arguments: tuple[str, ...]
    exit_code: int | None
    correlation_id: str
    activity_log: str
    """The command that asks Azure what the run did."""
    events: tuple[Mapping[str, Any], ...]
    files: tuple[Path, ...]


def list_runs(
    environment: str | None = None, *, root: Path | None = None, limit: int = 20
) -> tuple[RunLine, ...]:
    """The last runs, the newest first. Raises UnknownEnvironment for one that neither is nor was."""
    runs = _ledger(root).runs()
    chosen = [run for run in reversed(runs) if environment is None or run.environment == environment]
    if environment is not None and not chosen and root is None:
        environment_named(find_project(), environment)
    return tuple(map(_line, chosen[:limit]))


def show_run(name: str, *, root: Path | None = None) -> RunShown:
    """One run by its id, the beginning of it, or `@latest`. Raises NotFound."""
    ledger = _ledger(root)
    run = ledger.named(name)
    identity = correlation_id(run.id)
    folder = ledger.folder / run.id
    return RunShown(
        run=_line(run),
        arguments=run.arguments,
        exit_code=run.exit_code,
        correlation_id=identity,
        activity_log=f"az monitor activity-log list --correlation-id {identity}",
        events=run.events,
        files=tuple(sorted(folder.iterdir())) if folder.is_dir() else (),
    )


def _ledger(root: Path | None) -> Ledger:
    if root is not None and not (root / "terraform" / "environments").is_dir():
        return Ledger(Project(root=root, state=root.resolve() / ".anomalyctl").state / "runs")
    return Ledger(find_project(None, root).state / "runs")


def _line(run: Run) -> RunLine:
    took = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunLine(
        run.id,
        run.command,
        run.environment,
        run.outcome,
        run.started_at,
        took,
        run.user,
        run.host,
        run.error,
    )
