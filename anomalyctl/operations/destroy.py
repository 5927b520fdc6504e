"""Take the environment `local` down: stop its parts, and delete its data unless it is to be kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from anomalyctl.local import control
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import held, is_held
from anomalyctl.operations.progress import SILENCE, Progress


@dataclass(frozen=True, slots=True)
class Present:
    """What there is to destroy."""

    running: bool
    data: bool

    @property
    def anything(self) -> bool:
        """False where nothing was deployed, or all of it is gone."""
        return self.running or self.data


@dataclass(frozen=True, slots=True)
class Destruction:
    """What `destroy` did."""

    environment: str
    stopped: bool
    data: str
    """deleted, kept, or none where there was none."""
    folder: Path


def what_is_there(folder: LocalFolder) -> Present:
    """Look, and change nothing."""
    return Present(running=is_held(folder.supervisor_lock), data=folder.has_data())


def destroy_local(folder: LocalFolder, *, keep_data: bool, progress: Progress = SILENCE) -> Destruction:
    """Stop all parts, the last first; then delete the data unless `keep_data`.

    Asking is the caller's business. Raises Locked while a deploy is at it, TimedOut when a part does not stop
    (no data is deleted then), PreconditionFailed where the disk refuses.
    """
    if not what_is_there(folder).anything:
        return Destruction(environment="local", stopped=False, data="none", folder=folder.root)
    with held(folder.deploy_lock, what="destroy", now=datetime.now(UTC)):
        present = what_is_there(folder)
        if present.running:
            progress.step("Stopping all parts")
        control.stop_supervisor(folder)
        if present.running:
            progress.done("All parts are stopped")
        if not keep_data:
            progress.step("Deleting the data")
            folder.delete_data()
            progress.done("The data is deleted")
    kept = "kept" if keep_data else "deleted"
    return Destruction(environment="local", stopped=present.running, data=kept, folder=folder.root)
